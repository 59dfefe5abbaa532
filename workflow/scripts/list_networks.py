"""List the trained networks, what they are, and the folds of the training list in one file."""

from ichdag.jobs import start_job_log
from ichdag.ledger import identity_digest
from ichdag.models import read_card, read_identity
from ichdag.records import write_record
from ichdag.segmentation.fold_assignment import assign_persons
from ichdag.segmentation.locking import locked_folds
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table

start_job_log(snakemake)
files, params, networks = snakemake.input, snakemake.params, []
folds = locked_folds(read_table(files.training, TRAINING), excluded=params.away)
for name in params.networks:
    weights, scores = files[f"weights/{name}"], read_card(files[f"card/{name}"]).scores
    identity = read_identity(weights)
    kind = {"variant": identity["variant"], "fold": identity["fold"], "identity": identity_digest(identity)}
    networks.append({"name": name, **kind, "weights": weights, "scores": scores})
folds = assign_persons(folds, params.persons)
write_record({"folds": folds, "networks": networks}, snakemake.output.networks)
