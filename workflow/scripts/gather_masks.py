"""Gather the predicted volumes of one role, and the scores of both networks where there is a manual mask."""

import pandas as pd

from ichdag.jobs import files_under, start_job_log
from ichdag.records import read_records
from ichdag.segmentation.schemas import SCORES, VOLUMES
from ichdag.tables import write_table

start_job_log(snakemake)
records, role = read_records(files_under(snakemake.input, "sub-")), snakemake.wildcards.role
scores = [
    {"subject": record["subject"], "role": role, "fold": record["fold"], "variant": variant} | known
    for record in records
    for variant, known in record["variants"].items()
]
for schema, rows in ((VOLUMES, records), (SCORES, scores)):
    table = pd.DataFrame(rows, columns=schema.column_names)
    write_table(table, snakemake.output[schema.name], schema)
