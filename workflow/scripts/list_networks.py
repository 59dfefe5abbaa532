"""List the trained networks and the folds of the training list in one file."""

from ichdag.jobs import start
from ichdag.models import read_card
from ichdag.records import write_record
from ichdag.segmentation.choice import with_persons
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table

start(snakemake)
folds = read_table(snakemake.input.training, TRAINING).set_index("subject")["fold"].to_dict()
networks = []
for path, weights in zip(snakemake.input.cards, snakemake.input.weights, strict=True):
    card = read_card(path)
    kind = {"variant": card.settings["variant"], "fold": card.settings["fold"]}
    networks.append({"name": card.name, **kind, "card": path, "weights": weights, "scores": card.scores})
folds = with_persons(folds, snakemake.params.persons)
write_record({"folds": folds, "networks": networks}, snakemake.output.networks)
