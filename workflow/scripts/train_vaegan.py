"""Train the VAE-GAN on the lesion patches of the locked list."""

from ichdag.jobs import start_job_log
from ichdag.latent import diagnostics, vaegan_identity
from ichdag.latent.vaegan_training import load_patches, read_settings, train_vaegan
from ichdag.models import ModelCard, write_model
from ichdag.preprocessing.schemas import GRIDS
from ichdag.records import read_record
from ichdag.segmentation.locking import locked_folds, training_data_digests
from ichdag.segmentation.network_identity import read_masks_identity
from ichdag.segmentation.schemas import CURVES, TRAINED_ON, TRAINING
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start_job_log(snakemake)
files, model, params = snakemake.input, snakemake.output, snakemake.params
folds = locked_folds(read_table(files.training, TRAINING), excluded=params.away)
masks = read_masks_identity(read_record(files.networks), cleanup=read_record(files.cleanup)) if files.networks else {}
settings = vaegan_identity.vaegan_identity(**params.identity, training=folds, masks=masks)
subjects, patches = load_patches(read_record(files.patches), subjects=folds)
checkpoint = Checkpoint(params.checkpoint, configuration=settings, data={"subjects": subjects, "patches": patches})
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
options = read_settings(settings, checkpoint_every_epochs=params.checkpoint_every_epochs)
autoencoder, history = train_vaegan(patches, **options, checkpoint=checkpoint, device=device)
scores = diagnostics.diagnose(autoencoder, patches, losses=history.last, device=device)
card = ModelCard("lesion VAE-GAN", settings, subjects, limits=settings["patches"], scores=scores)
write_table(learning_curve(history, model="vaegan"), model.curve, CURVES)
write_table(training_data_digests(read_table(files.grids, GRIDS), subjects=subjects), model.data, TRAINED_ON)
write_model(card, autoencoder.state_dict(), run=describe_run(history, device=device), files=model)
checkpoint.remove()
