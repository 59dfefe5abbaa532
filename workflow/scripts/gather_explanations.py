"""Gather the SHAP shares of all explained outcomes."""

from ichdag.explanation.schemas import SHAP
from ichdag.explanation.shares import join_shares
from ichdag.jobs import files_under, start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
tables = {outcome: read_table(path, SHAP) for outcome, path in files_under(snakemake.input, "shares/").items()}
write_table(join_shares(tables), snakemake.output.shares, SHAP)
