"""Join the radiomic features of all roles."""

import pandas as pd

from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = pd.concat([read_table(path, "features") for path in snakemake.input.tables], ignore_index=True)
write_table(table, snakemake.output.features, "features")
