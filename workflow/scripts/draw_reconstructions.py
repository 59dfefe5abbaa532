"""Draw CT patches and their VAE-GAN reconstructions (Figure 2)."""

from ichdag.arrays import read_store
from ichdag.figures import Settings
from ichdag.figures.pictures import draw_reconstructions, patch_pictures, table_of
from ichdag.figures.style import write_figure
from ichdag.jobs import start
from ichdag.tables import write_table

start(snakemake)
settings = Settings(**snakemake.params.settings)
store = dict(read_store(snakemake.input.reconstructions))
pictures = []
for subject in sorted({name.split("/")[0] for name in store})[: settings.examples]:
    patch, reconstruction = store[f"{subject}/patch"], store[f"{subject}/reconstruction"]
    pictures += patch_pictures(subject, patch=patch, reconstruction=reconstruction)
write_table(table_of(pictures), snakemake.output.table, "pictures")
write_figure(draw_reconstructions, pictures, svg=snakemake.output.svg, png=snakemake.output.png, dpi=settings.dpi)
