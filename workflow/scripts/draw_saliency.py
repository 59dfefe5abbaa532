"""Draw where the segmentation latents that raise the predicted risk come from (3D Grad-CAM)."""

import pandas as pd

from ichdag.arrays import read_arrays, read_store
from ichdag.figures import FiguresSettings
from ichdag.figures.pictures import draw_saliency, saliency_pictures, table_of
from ichdag.figures.schemas import PICTURES
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.preprocessing.schemas import GRIDS
from ichdag.tables import read_table, write_table

start_job_log(snakemake)
settings = FiguresSettings(**snakemake.params.settings)
grids = pd.concat([read_table(path, GRIDS) for path in snakemake.input.grids])
path_of = grids[grids.timepoint == "baseline"].set_index("subject").path
maps = [(name.split("/")[0], values) for name, values in read_store(snakemake.input.saliency) if name.endswith("/map")]
pictures = []
for subject, saliency in maps[: settings.examples]:
    arrays = read_arrays(path_of[subject])
    fine, lesion = arrays["baseline_fine"], arrays.get("baseline_mask")
    pictures += saliency_pictures(subject, fine=fine, saliency=saliency, lesion=lesion)
write_table(table_of(pictures), snakemake.output.table, PICTURES)
write_figure(draw_saliency, pictures, svg=snakemake.output.svg, png=snakemake.output.png, dpi=settings.dpi)
