"""Train one segmentation network on the locked list: one fold left out, or the final one on everybody."""

from ichdag.jobs import start
from ichdag.models import Card, write_model
from ichdag.preprocessing.schemas import GRIDS
from ichdag.segmentation import choice, identity, locking
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.schemas import CURVES, TRAINED_ON, TRAINING
from ichdag.segmentation.training import load_samples, manual_baselines, read_settings, train_network
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start(snakemake)
files, model, params, name = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards.network
folds = locking.locked_folds(read_table(files.training, TRAINING), away=params.away)
settings = identity.network_identity(name, config=params.config, training=folds, code=params.code)
grids, seen = read_table(files.grids, GRIDS), choice.trained_in(settings["fold"], folds)
paths = manual_baselines(grids, subjects=folds)
samples = load_samples({subject: path for subject, path in paths.items() if subject in seen})
checkpoint = Checkpoint(params.checkpoint, configuration=settings, data=vars(samples))
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
how = read_settings(settings, checkpoint_every_epochs=params.checkpoint_every_epochs)
network, course = train_network(samples, **how, checkpoint=checkpoint, device=device)
unseen = [path for subject, path in paths.items() if subject not in seen]
scores = course.last | mean_dice(network, unseen, threshold=0.5, device=device)
run, more = describe_run(course, device=device), {"limits": settings["preprocessing"], "scores": scores}
write_table(learning_curve(course, model=name), model.curve, CURVES)
write_table(locking.trained_on(grids, subjects=samples.subjects), model.data, TRAINED_ON)
write_model(Card(name, settings, samples.subjects, **more), network.state_dict(), run=run, files=model)
checkpoint.remove()
