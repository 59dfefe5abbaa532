"""Measure how far the networks' volume error reaches into the outcomes."""

import pandas as pd

from ichdag.cohort.schemas import PARTICIPANTS, SCANS, SENSITIVITY
from ichdag.cohort.sensitivity import label_sensitivity
from ichdag.jobs import start_job_log
from ichdag.segmentation.schemas import VOLUMES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
scans, volumes = (
    pd.concat([read_table(path, schema) for path in snakemake.input[schema.name]]) for schema in (SCANS, VOLUMES)
)
participants = read_table(snakemake.input.participants, PARTICIPANTS)
table = label_sensitivity(participants, scans=scans, volumes=volumes, outcomes=snakemake.params.outcomes)
write_table(table, snakemake.output.sensitivity, SENSITIVITY)
