"""Train one segmentation network on the locked list: one fold left out, or the final one on everybody."""

from ichdag.jobs import start
from ichdag.models import Card, write_card, write_weights
from ichdag.preprocessing.schemas import GRIDS
from ichdag.segmentation.choice import trained_in
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.schemas import CURVES, TRAINING
from ichdag.segmentation.training import load_samples, manual_baselines, read_settings, train_network
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start(snakemake)
variant, fold = snakemake.wildcards.variant, snakemake.wildcards.fold
settings = {"variant": variant, "fold": fold, **snakemake.params.settings}
folds = read_table(snakemake.input.training, TRAINING).set_index("subject")["fold"].to_dict()
paths = manual_baselines(read_table(snakemake.input.grids, GRIDS), subjects=folds)
seen = trained_in(fold, folds)
samples = load_samples({subject: path for subject, path in paths.items() if subject in seen})
configuration = settings | {"subjects": samples.subjects, "code": snakemake.params.code}
checkpoint = Checkpoint(snakemake.params.checkpoint, configuration=configuration)
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
network, course = train_network(samples, **read_settings(settings), checkpoint=checkpoint, device=device)
left_out = [path for subject, path in paths.items() if subject not in seen]
scores = course.last | mean_dice(network, left_out, threshold=0.5, device=device)
described = {"limits": settings["preprocessing"], "scores": scores, "run": describe_run(course, device=device)}
write_weights(network.state_dict(), snakemake.output.weights)
write_card(Card(f"{variant}_{fold}", settings, samples.subjects, **described), snakemake.output.card)
write_table(learning_curve(course, model=f"{variant}_{fold}"), snakemake.output.curve, CURVES)
checkpoint.remove()
