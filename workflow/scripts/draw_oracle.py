"""Draw the AUC of the best model against volume, clinical data and the oracle."""

from ichdag.figures import Settings
from ichdag.figures.performance import draw_oracle, select_oracle
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = select_oracle(read_table(snakemake.input.metrics, "metrics"))
write_table(table, snakemake.output.table, "metrics")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_oracle, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
