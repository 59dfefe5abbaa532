"""Train the VAE-GAN on the lesion patches of the locked list."""

from ichdag.jobs import start
from ichdag.latent.health import examine
from ichdag.latent.network import VaeganSettings
from ichdag.latent.training import TrainingSettings, load_patches, train_vaegan
from ichdag.models import Card, write_card, write_weights
from ichdag.records import read_record
from ichdag.segmentation.schemas import CURVES, TRAINING
from ichdag.tables import read_table, write_table
from ichdag.training import Checkpoint, describe_run, find_device, learning_curve

start(snakemake)
settings = dict(snakemake.params.settings)
training = read_table(snakemake.input.training, TRAINING)
subjects, patches = load_patches(read_record(snakemake.input.patches), subjects=training["subject"])
configuration = {**settings, "subjects": subjects, "code": snakemake.params.code}
checkpoint = Checkpoint(snakemake.params.checkpoint, configuration=configuration)
device = find_device(snakemake.threads, deterministic=settings["training"]["deterministic"])
network, how, seed = VaeganSettings(**settings["network"]), TrainingSettings(**settings["training"]), settings["seed"]
autoencoder, course = train_vaegan(
    patches, network=network, settings=how, seed=seed, checkpoint=checkpoint, device=device
)
scores = examine(autoencoder, patches, losses=course.last, device=device)
described = {"limits": settings["patches"], "scores": scores, "run": describe_run(course, device=device)}
write_weights(autoencoder.state_dict(), snakemake.output.weights)
write_card(Card("VAE-GAN of lesion patches", settings, subjects, **described), snakemake.output.card)
write_table(learning_curve(course, model="vaegan"), snakemake.output.curve, CURVES)
checkpoint.remove()
