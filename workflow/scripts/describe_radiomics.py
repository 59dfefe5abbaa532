"""Check the radiomics parameter file and describe the columns that it makes."""

from ichdag.jobs import start_job_log
from ichdag.radiomics.parameter_description import describe_parameters
from ichdag.records import write_record

start_job_log(snakemake)
settings = dict(snakemake.params.settings)
write_record(describe_parameters(settings.pop("parameters"), **settings), snakemake.output.statement)
