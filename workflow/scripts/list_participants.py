"""Write the list of participants, each linked to its page."""

from pathlib import Path

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.jobs import start_job_log, write_text
from ichdag.report.participant import list_rows, render_list
from ichdag.tables import read_table

start_job_log(snakemake)
table = read_table(snakemake.input.participants, PARTICIPANTS)
folder = Path(snakemake.output.page).parent
pages = {
    f"sub-{subject}": str(Path(snakemake.input[f"pages/{batch}"], f"sub-{subject}.html").relative_to(folder))
    for subject, batch in snakemake.params.batches.items()
}
write_text(render_list(list_rows(table, pages), title=snakemake.params.title), snakemake.output.page)
