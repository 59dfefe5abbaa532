"""Train one segmentation network on the locked training list: without one fold, or the final one on everybody."""

from ichdag.jobs import start_job_log
from ichdag.models import ModelCard, write_model
from ichdag.preprocessing.schemas import GRIDS
from ichdag.segmentation import fold_assignment, inference, locking, network_training
from ichdag.segmentation.network_identity import network_identity
from ichdag.segmentation.schemas import CURVES, TRAINED_ON, TRAINING
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start_job_log(snakemake)
files, model, params, name = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards.network
folds = locking.locked_folds(read_table(files.training, TRAINING), excluded=params.away)
settings = network_identity(name, config=params.config, training=folds, code=params.code)
grids = read_table(files.grids, GRIDS)
paths = network_training.manual_baselines(grids, subjects=folds)
trained = fold_assignment.training_subjects(settings["fold"], folds)
samples = network_training.load_samples({subject: path for subject, path in paths.items() if subject in trained})
checkpoint = Checkpoint(params.checkpoint, configuration=settings, data=vars(samples))
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
options = network_training.read_settings(settings, checkpoint_every_epochs=params.checkpoint_every_epochs)
network, history = network_training.train_network(samples, **options, checkpoint=checkpoint, device=device)
held_out = [path for subject, path in paths.items() if subject not in trained]
scores = history.last | inference.mean_dice(network, held_out, threshold=0.5, device=device)
card = ModelCard(name, settings, samples.subjects, limits=settings["preprocessing"], scores=scores)
write_table(learning_curve(history, model=name), model.curve, CURVES)
write_table(locking.training_data_digests(grids, subjects=samples.subjects), model.data, TRAINED_ON)
write_model(card, network.state_dict(), run=describe_run(history, device=device), files=model)
checkpoint.remove()
