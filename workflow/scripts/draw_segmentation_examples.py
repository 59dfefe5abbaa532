"""Draw scans with manual and predicted outlines, from the worst Dice to the best (Figure 1)."""

import pandas as pd

from ichdag.arrays import read_arrays, read_item
from ichdag.figures import FiguresSettings
from ichdag.figures.pictures import choose_examples, draw_examples, example_picture, table_of
from ichdag.figures.schemas import PICTURES
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.preprocessing.schemas import GRIDS
from ichdag.records import read_record
from ichdag.segmentation.schemas import SCORES
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
settings = FiguresSettings(**snakemake.params.settings)
scores = read_table(snakemake.input.scores, SCORES)
looks = {"threshold": read_record(snakemake.input.cleanup)["threshold"], "window_hu": snakemake.params.window_hu}
grids = pd.concat([read_table(path, GRIDS) for path in snakemake.input.grids])
path_of = grids[grids.timepoint == "baseline"].set_index("subject").path
pictures = []
for role in ("development", "external"):
    for score in choose_examples(scores, role=role, examples=settings.examples).itertuples():
        found = (read_item(batch, f"{score.subject}/baseline/dual") for batch in snakemake.input.batches)
        probability = next((values for values in found if values is not None), None)
        arrays = read_arrays(path_of[score.subject])
        pictures.append(example_picture(score, grids=arrays, probability=probability, **looks))
write_table(table_of(pictures), snakemake.output.table, PICTURES)
write_figure(draw_examples, pictures, svg=snakemake.output.svg, png=snakemake.output.png, dpi=settings.dpi)
