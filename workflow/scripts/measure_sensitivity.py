"""Measure how far the networks' volume error reaches into the outcomes."""

import pandas as pd

from ichdag.cohort.sensitivity import label_sensitivity
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
scans, volumes = (
    pd.concat([read_table(path, name) for path in snakemake.input[name]]) for name in ("scans", "volumes")
)
participants = read_table(snakemake.input.participants, "participants")
table = label_sensitivity(participants, scans=scans, volumes=volumes, outcomes=snakemake.params.outcomes)
write_table(table, snakemake.output.sensitivity, "sensitivity")
