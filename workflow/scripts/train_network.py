"""Train one segmentation network on the locked list: one fold left out, or the final one on everybody."""

from ichdag.jobs import start
from ichdag.models import Card, write_card, write_weights
from ichdag.segmentation.choice import trained_in
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.training import load_samples, manual_baselines, read_settings, train_network
from ichdag.tables import read_table
from ichdag.training import Checkpoint, find_device

start(snakemake)
variant, fold = snakemake.wildcards.variant, snakemake.wildcards.fold
settings = {"variant": variant, "fold": fold, **snakemake.params.settings}
folds = read_table(snakemake.input.training, "training").set_index("subject")["fold"].to_dict()
paths = manual_baselines(read_table(snakemake.input.grids, "grids"), subjects=folds)
subjects = [subject for subject in trained_in(fold, folds) if subject in paths]
configuration = settings | {"subjects": subjects, "code": snakemake.params.code}
checkpoint = Checkpoint(snakemake.params.checkpoint, configuration=configuration)
device = find_device(snakemake.threads)
samples = load_samples({subject: paths[subject] for subject in subjects})
network, losses = train_network(samples, **read_settings(settings), checkpoint=checkpoint, device=device)
left_out = [path for subject, path in paths.items() if subject not in subjects]
scores = losses | mean_dice(network, left_out, threshold=0.5, device=device)
card = Card(f"{variant}_{fold}", settings, subjects, limits=settings["preprocessing"], scores=scores)
write_weights(network.state_dict(), snakemake.output.weights)
write_card(card, snakemake.output.card)
checkpoint.remove()
