"""Join the radiomic features of all roles."""

import pandas as pd

from ichdag.jobs import start_job_log
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
table = pd.concat([read_table(path, FEATURES) for path in snakemake.input.tables], ignore_index=True)
write_table(table, snakemake.output.features, FEATURES)
