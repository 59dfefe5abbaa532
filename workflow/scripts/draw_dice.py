"""Draw the Dice of the two networks in each fold and on external participants."""

from ichdag.figures import Settings
from ichdag.figures.segmentation import draw_dice, select_dice
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import read_table, write_table

start(snakemake)
table = select_dice(read_table(snakemake.input.scores, "scores"))
write_table(table, snakemake.output.table, "dice")
dpi = Settings(**snakemake.params.settings).dpi
write_figure(draw_dice, table, svg=snakemake.output.svg, png=snakemake.output.png, dpi=dpi)
