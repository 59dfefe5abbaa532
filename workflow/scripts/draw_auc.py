"""Draw the AUC of every feature set and classifier for every outcome (Figure 3)."""

from ichdag.figures import Settings
from ichdag.figures.performance import draw_auc, select_auc
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = select_auc(read_table(snakemake.input.metrics, "metrics"))
write_table(table, snakemake.output.table, "metrics")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_auc, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
