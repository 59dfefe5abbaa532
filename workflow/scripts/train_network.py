"""Train one segmentation network on the locked list: one fold left out, or the final one on everybody."""

from ichdag.jobs import start
from ichdag.models import Card, write_model
from ichdag.segmentation.choice import trained_in
from ichdag.segmentation.identity import network_identity
from ichdag.segmentation.inference import mean_dice
from ichdag.segmentation.locking import locked_folds, trained_on
from ichdag.segmentation.training import load_samples, manual_baselines, read_settings, train_network
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, digest_of_data, find_device

start(snakemake)
files, model, params, name = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards.network
folds = locked_folds(read_table(files.training, "training"), away=params.away)
settings = network_identity(name, config=params.config, training=folds, code=params.code)
paths, seen = manual_baselines(read_table(files.grids, "grids"), subjects=folds), trained_in(settings["fold"], folds)
samples = load_samples({subject: path for subject, path in paths.items() if subject in seen})
data = digest_of_data(samples.subjects, samples.fine, samples.coarse, samples.mask)
checkpoint = Checkpoint(params.checkpoint, configuration=settings | {"data": data})
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
how = read_settings(settings, checkpoint_every_epochs=params.checkpoint_every_epochs)
network, course = train_network(samples, **how, checkpoint=checkpoint, device=device)
unseen = [path for subject, path in paths.items() if subject not in seen]
scores = course.last | mean_dice(network, unseen, threshold=0.5, device=device)
more = {"limits": settings["preprocessing"], "scores": scores, "run": course.run(device)}
write_table(course.table(name), model.curve, "curves")
write_table(trained_on(read_table(files.scans, "scans"), subjects=samples.subjects), model.data, "trained_on")
write_model(Card(name, settings, samples.subjects, **more), network.state_dict(), files=model)
checkpoint.remove()
