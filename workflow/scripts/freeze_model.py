"""Freeze the study's model in one folder."""

from pathlib import Path

from ichdag.jobs import start
from ichdag.prediction.frozen import freeze
from ichdag.records import read_record
from ichdag.shipped import own_or_shipped

start(snakemake)
files, params = snakemake.input, snakemake.params
settings = params.settings | params.prediction | params.latent
settings["segmentation"] = settings["segmentation"] | read_record(files.cleanup)
freeze(
    Path(snakemake.output.card).parent,
    sources=dict(files.items()) | {"parameters": own_or_shipped(settings["radiomics"]["parameters"])},
    outcomes=params.outcomes,
    settings=settings,
)
