"""Check the radiomics parameter file and say which columns it makes."""

from ichdag.jobs import start
from ichdag.radiomics.statement import describe
from ichdag.records import write_record

start(snakemake)
settings = dict(snakemake.params.settings)
write_record(describe(settings.pop("parameters"), **settings), snakemake.output.statement)
