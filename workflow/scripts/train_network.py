"""Train one segmentation network."""

from ichdag.jobs import start
from ichdag.models import Card, write_card, write_weights
from ichdag.segmentation.augmentation import AugmentationSettings
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.network import NetworkSettings
from ichdag.segmentation.training import TrainingSettings, load_samples, train_network
from ichdag.tables import read_table
from ichdag.training import Checkpoint, find_device

start(snakemake)
params, (variant, fold) = snakemake.params, (snakemake.wildcards.variant, snakemake.wildcards.fold)
device, settings = find_device(snakemake.threads), params.settings
folds = read_table(snakemake.input.training, "training").set_index("subject").fold.astype(int).astype(str)
index = read_table(snakemake.input.grids, "grids").query("timepoint == 'baseline'").set_index("subject").path
paths = {subject: index[subject] for subject in folds.index if subject in index}
trained = {subject: path for subject, path in paths.items() if folds[subject] != fold}
held_out = [path for subject, path in paths.items() if folds[subject] == fold]
record = settings | {"variant": variant, "preprocessing": params.preprocessing, "seed": params.seed}
checkpoint = Checkpoint(params.checkpoint, configuration={"settings": record, "subjects": list(trained)})
shape = NetworkSettings(**settings["network"])
changes = AugmentationSettings(**settings["augmentation"])
schedule = TrainingSettings(**settings["training"])
fixed = {"dual": variant == "dual", "seed": params.seed, "checkpoint": checkpoint, "device": device}
samples = load_samples(trained)
model, losses = train_network(samples, network=shape, augmentation=changes, settings=schedule, **fixed)
scores = losses | mean_dice(model, held_out, threshold=settings["threshold"], device=device)
write_weights(model.state_dict(), snakemake.output.weights)
write_card(Card(f"{variant}_{fold}", record, list(trained), scores=scores), snakemake.output.card)
checkpoint.remove()
