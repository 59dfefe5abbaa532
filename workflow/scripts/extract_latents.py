"""Latent features of a batch of participants: both bottlenecks of the segmentation network, and the VAE-GAN's mean."""

from functools import partial

from ichdag.arrays import write_store
from ichdag.jobs import files_under, start_job_log
from ichdag.latent.extraction import extract_batch, load_autoencoder, vaegan_features
from ichdag.segmentation.inference import bottleneck_features, load_network
from ichdag.training import find_device

start_job_log(snakemake)
device = find_device(snakemake.threads)
network = load_network(snakemake.input.network, device=device)
autoencoder = load_autoencoder(snakemake.input.vaegan, device=device)
latents = extract_batch(
    files_under(snakemake.input, "grids/"),
    patches=snakemake.input.patches,
    encode_scan=partial(bottleneck_features, network, device=device),
    encode_patch=partial(vaegan_features, autoencoder, device=device),
    precision=snakemake.params.precision,
)
write_store(snakemake.output.latents, latents)
