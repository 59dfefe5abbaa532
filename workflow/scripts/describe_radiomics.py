"""Check the radiomics parameter file and say which columns it makes."""

from ichdag.jobs import start_job_log
from ichdag.radiomics.statement import describe
from ichdag.records import write_record

start_job_log(snakemake)
settings = dict(snakemake.params.settings)
write_record(describe(settings.pop("parameters"), **settings), snakemake.output.statement)
