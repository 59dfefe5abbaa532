"""Map where in the head the segmentation latents raise the elastic-net score, for a few external participants."""

from ichdag.arrays import read_item, write_store
from ichdag.explanation.saliency import Bottleneck, grad_cam, highest_scores
from ichdag.features.schemas import REDUCED
from ichdag.jobs import start_job_log
from ichdag.pipelines import read_pipeline
from ichdag.tables import read_table

start_job_log(snakemake)
files, params = snakemake.input, snakemake.params
reducer, pipeline = read_pipeline(files.reducer), read_pipeline(files.classifier)
design = read_table(files.reduced, REDUCED).set_index("subject").astype("float64")
shape = Bottleneck(channels=params.channels, edge=params.edge)
maps = {}
for subject in highest_scores(pipeline, X=design, count=params.patients):
    latents = read_item(files.latents, f"{subject}/segmentation")
    maps[f"{subject}/map"] = grad_cam(latents, reducer=reducer, pipeline=pipeline, shape=shape)
write_store(snakemake.output.maps, maps.items())
