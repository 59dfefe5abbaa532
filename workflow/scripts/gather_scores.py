"""Gather the scores of both networks over all participants with a manual mask, and compare the networks."""

import pandas as pd

from ichdag.jobs import start
from ichdag.records import read_record
from ichdag.schemas import SCHEMAS
from ichdag.segmentation.comparison import compare_variants
from ichdag.tables import write_table

start(snakemake)
rows = []
for record in map(read_record, snakemake.input.scores):
    known = {"subject": record["subject"], "role": snakemake.params.roles[record["subject"]], "fold": record["fold"]}
    rows += [known | {"variant": variant} | scores for variant, scores in record["variants"].items()]
columns = [column.name for column in SCHEMAS["scores"]]
scores = pd.DataFrame(rows, columns=columns)
write_table(scores, snakemake.output.scores, "scores")
write_table(compare_variants(scores), snakemake.output.comparison, "comparison")
