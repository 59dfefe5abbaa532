"""List the trained networks and the folds of their training subjects."""

from ichdag.jobs import start
from ichdag.models import read_card
from ichdag.records import write_record
from ichdag.tables import read_table

start(snakemake)
folds = read_table(snakemake.input.training, "training").set_index("subject").fold.astype(int).to_dict()
networks = []
for card, weights in zip(snakemake.input.cards, snakemake.input.weights, strict=True):
    known = read_card(card)
    variant, fold = known.name.split("_")
    networks.append({"name": known.name, "variant": variant, "fold": fold, "card": card, "weights": weights})
    networks[-1]["scores"] = known.scores
write_record({"folds": folds, "networks": networks}, snakemake.output.networks)
