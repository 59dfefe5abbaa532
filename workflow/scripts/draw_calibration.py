"""Draw the calibration of the best model of each outcome (Figure 4)."""

from ichdag.figures import Settings
from ichdag.figures.calibration import draw_calibration, select_calibration
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
metrics = read_table(snakemake.input.metrics, "metrics")
table = select_calibration(read_table(snakemake.input.calibration, "calibration"), metrics=metrics)
write_table(table, snakemake.output.table, "calibration")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_calibration, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
