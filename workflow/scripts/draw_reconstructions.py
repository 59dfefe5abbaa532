"""Draw CT patches and their VAE-GAN reconstructions (Figure 2), and patches that the VAE-GAN imagines."""

from ichdag.arrays import read_store
from ichdag.figures import FiguresSettings
from ichdag.figures.learning_curves import draw_samples, sample_pictures
from ichdag.figures.pictures import draw_reconstructions, patch_pictures, table_of
from ichdag.figures.schemas import PICTURES
from ichdag.figures.style import write_figure
from ichdag.jobs import start_job_log
from ichdag.tables import write_table

start_job_log(snakemake)
output, settings = snakemake.output, FiguresSettings(**snakemake.params.settings)
store = dict(read_store(snakemake.input.reconstructions))
pictures = []
for subject in sorted({name.split("/")[0] for name in store})[: settings.examples]:
    patch, reconstruction = store[f"{subject}/patch"], store[f"{subject}/reconstruction"]
    pictures += patch_pictures(subject, patch=patch, reconstruction=reconstruction)
write_table(table_of(pictures), output.table, PICTURES)
write_figure(draw_reconstructions, pictures, svg=output.svg, png=output.png, dpi=settings.dpi)

imagined = sample_pictures(dict(read_store(snakemake.input.imagined)))
write_table(table_of(imagined), output.imagined_table, PICTURES)
write_figure(draw_samples, imagined, svg=output.imagined_svg, png=output.imagined_png, dpi=settings.dpi)
