"""Freeze the study's model in one folder."""

from pathlib import Path

from ichdag.jobs import start
from ichdag.names import BLOCKS
from ichdag.prediction.frozen import freeze
from ichdag.records import read_record

start(snakemake)
files, params = snakemake.input, snakemake.params
with_cards = [(path, str(Path(path).with_name("card.json"))) for path in files.reductions]
classifiers = [(path, str(Path(path).with_name("card.json"))) for path in files.classifiers]
settings = params.settings | params.prediction | params.latent
settings["segmentation"] = settings["segmentation"] | read_record(files.cleanup)
freeze(
    Path(snakemake.output.card).parent,
    networks={name: (files[name], files[f"{name}_card"]) for name in ("segmentation", "vaegan")},
    reductions=dict(zip(BLOCKS, with_cards, strict=True)),
    classifiers=dict(zip(params.outcomes, classifiers, strict=True)),
    parameters=files.parameters,
    settings=settings,
)
