"""Write the list of participants, each linked to its page."""

from pathlib import Path

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start, write_text
from ichdag.report.participant import list_rows, render_list
from ichdag.tables import read_table

start(snakemake)
table = read_table(snakemake.input.participants, PARTICIPANTS)
folder = Path(snakemake.output.page).parent
pages = {page.stem: str(page.relative_to(folder)) for pages in snakemake.input.pages for page in Path(pages).iterdir()}
write_text(render_list(list_rows(table, pages), title=snakemake.params.title), snakemake.output.page)
