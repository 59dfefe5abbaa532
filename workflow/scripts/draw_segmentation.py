"""Draw Dice and volumes of both networks against the manual masks, and the learning curves of all networks."""

import pandas as pd

from ichdag.figures.agreement import draw_bland_altman, select_bland_altman
from ichdag.figures.learning_curves import draw_learning_curves
from ichdag.figures.schemas import BLAND_ALTMAN, DICE
from ichdag.figures.segmentation import draw_dice, select_dice
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.segmentation.schemas import CURVES, SCORES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
output, dpi = snakemake.output, snakemake.params.dpi
scores = read_table(snakemake.input.scores, SCORES)

dice = select_dice(scores)
write_table(dice, output.dice_table, DICE)
write_figure(draw_dice, dice, svg=output.dice_svg, png=output.dice_png, dpi=dpi)

volumes = select_bland_altman(scores)
write_table(volumes, output.volumes_table, BLAND_ALTMAN)
write_figure(draw_bland_altman, volumes, svg=output.volumes_svg, png=output.volumes_png, dpi=dpi)

curves = pd.concat([read_table(path, CURVES) for path in snakemake.input.curves], ignore_index=True)
write_table(curves, output.curves_table, CURVES)
write_figure(draw_learning_curves, curves, svg=output.curves_svg, png=output.curves_png, dpi=dpi)
