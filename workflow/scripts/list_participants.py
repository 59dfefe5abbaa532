"""Write the list of participants, each linked to its page."""

from ichdag.jobs import start, write_text
from ichdag.report.participant import list_rows, render_list
from ichdag.tables import read_table

start(snakemake)
table = read_table(snakemake.input.participants, "participants")
write_text(render_list(list_rows(table), title=snakemake.params.title), snakemake.output.page)
