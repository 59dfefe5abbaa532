"""Draw the decision curves of the best model of each outcome and of its comparators."""

from ichdag.figures import Settings
from ichdag.figures.decision import draw_decision, select_decision
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
metrics = read_table(snakemake.input.metrics, "metrics")
table = select_decision(read_table(snakemake.input.decision, "decision"), metrics=metrics)
write_table(table, snakemake.output.table, "decision")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_decision, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
