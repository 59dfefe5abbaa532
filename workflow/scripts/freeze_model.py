"""Freeze the study's model in one folder."""

from pathlib import Path

from ichdag.bundled_files import own_or_bundled_path
from ichdag.jobs import start_job_log
from ichdag.prediction.frozen import freeze
from ichdag.records import read_record

start_job_log(snakemake)
files, params = snakemake.input, snakemake.params
settings = params.settings | params.prediction | params.latent
settings["segmentation"] = settings["segmentation"] | read_record(files.cleanup)
freeze(
    Path(snakemake.output.card).parent,
    sources=dict(files.items()) | {"parameters": own_or_bundled_path(settings["radiomics"]["parameters"])},
    outcomes=params.outcomes,
    settings=settings,
)
