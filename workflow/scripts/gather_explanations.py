"""Gather the SHAP shares of all explained outcomes."""

import pandas as pd

from ichdag.explanation.schemas import SHAP
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
tables = [read_table(path, SHAP) for path in snakemake.input.shares]
write_table(pd.concat(tables), snakemake.output.shares, SHAP)
