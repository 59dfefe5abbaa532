"""Check the radiomics parameter file and say which columns it makes."""

from ichdag.jobs import start
from ichdag.radiomics.statement import describe
from ichdag.records import write_record

start(snakemake)
write_record(describe(snakemake.input.parameters, **snakemake.params.settings), snakemake.output.statement)
