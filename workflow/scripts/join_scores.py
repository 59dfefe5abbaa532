"""Join the scores of both networks over all participants with a manual mask, and compare the networks."""

import pandas as pd

from ichdag.jobs import start_job_log
from ichdag.segmentation.comparison import compare_variants
from ichdag.segmentation.schemas import COMPARISON, SCORES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
scores = pd.concat([read_table(path, SCORES) for path in snakemake.input.scores], ignore_index=True)
write_table(scores, snakemake.output.scores, SCORES)
# Read back: where a cohort has no participants its columns have no kind, and the joined ones lose theirs.
write_table(compare_variants(read_table(snakemake.output.scores, SCORES)), snakemake.output.comparison, COMPARISON)
