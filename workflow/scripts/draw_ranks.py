"""Draw the mean rank of each feature set over the classifiers."""

from ichdag.figures import Settings
from ichdag.figures.ranks import draw_ranks, select_ranks
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = select_ranks(read_table(snakemake.input.metrics, "metrics"))
write_table(table, snakemake.output.table, "ranks")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_ranks, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
