"""Train one segmentation network on the locked training list: without one fold, or the final one on everybody."""

from ichdag.jobs import start_job_log
from ichdag.models import ModelCard, write_model
from ichdag.preprocessing.schemas import GRIDS
from ichdag.segmentation import fold_assignment, identity, locking
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.schemas import CURVES, TRAINED_ON, TRAINING
from ichdag.segmentation.training import load_samples, manual_baselines, read_settings, train_network
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start_job_log(snakemake)
files, model, params, name = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards.network
folds = locking.locked_folds(read_table(files.training, TRAINING), excluded=params.away)
settings = identity.network_identity(name, config=params.config, training=folds, code=params.code)
grids, trained = read_table(files.grids, GRIDS), fold_assignment.training_subjects(settings["fold"], folds)
paths = manual_baselines(grids, subjects=folds)
samples = load_samples({subject: path for subject, path in paths.items() if subject in trained})
checkpoint = Checkpoint(params.checkpoint, configuration=settings, data=vars(samples))
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
options = read_settings(settings, checkpoint_every_epochs=params.checkpoint_every_epochs)
network, history = train_network(samples, **options, checkpoint=checkpoint, device=device)
held_out = [path for subject, path in paths.items() if subject not in trained]
scores = history.last | mean_dice(network, held_out, threshold=0.5, device=device)
run, more = describe_run(history, device=device), {"limits": settings["preprocessing"], "scores": scores}
write_table(learning_curve(history, model=name), model.curve, CURVES)
write_table(locking.training_data_digests(grids, subjects=samples.subjects), model.data, TRAINED_ON)
write_model(ModelCard(name, settings, samples.subjects, **more), network.state_dict(), run=run, files=model)
checkpoint.remove()
