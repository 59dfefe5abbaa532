"""Train the VAE-GAN on the lesion patches of the locked list."""

from ichdag.jobs import start
from ichdag.latent.network import VaeganSettings
from ichdag.latent.training import TrainingSettings, load_patches, train_vaegan
from ichdag.models import Card, write_card, write_weights
from ichdag.records import read_record
from ichdag.tables import read_table
from ichdag.training import Checkpoint, find_device

start(snakemake)
training = read_table(snakemake.input.training, "training")
subjects, patches = load_patches(read_record(snakemake.input.patches), subjects=training["subject"])
settings = snakemake.params.settings
checkpoint = Checkpoint(
    snakemake.params.checkpoint, configuration={**settings, "subjects": subjects, "code": snakemake.params.code}
)
autoencoder, scores = train_vaegan(
    patches,
    network=VaeganSettings(**settings["network"]),
    settings=TrainingSettings(**settings["training"]),
    seed=settings["seed"],
    checkpoint=checkpoint,
    device=find_device(snakemake.threads),
)
write_weights(autoencoder.state_dict(), snakemake.output.weights)
card = Card("VAE-GAN of lesion patches", dict(settings), subjects, limits=settings["patches"], scores=scores)
write_card(card, snakemake.output.card)
checkpoint.remove()
