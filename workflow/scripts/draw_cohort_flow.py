"""Draw the flow of participants through the study."""

from ichdag.cohort.schemas import FLOW
from ichdag.figures.cohort_flow import draw_flow, select_flow
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
table = select_flow(read_table(snakemake.input.flow, FLOW))
write_table(table, snakemake.output.table, FLOW)
dpi = snakemake.params.dpi
write_figure(draw_flow, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
