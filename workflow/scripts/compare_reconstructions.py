"""Compare the VAE-GAN's reconstructions of external patches with those of a PCA and with the mean patch."""

import numpy as np

from ichdag.jobs import start_job_log
from ichdag.latent.extraction import load_autoencoder, stored_patches
from ichdag.latent.reconstruction import compare_reconstructions
from ichdag.latent.schemas import RECONSTRUCTION
from ichdag.latent.training import load_patches
from ichdag.models import read_card
from ichdag.records import read_record
from ichdag.tables import write_table
from ichdag.training import find_device

start_job_log(snakemake)
files, device = snakemake.input, find_device(snakemake.threads)
autoencoder = load_autoencoder(files.weights, device=device)
_, patches = load_patches(read_record(files.stores), subjects=read_card(files.card).subjects)
external = (patch for _, patch in stored_patches(files.external))
table = compare_reconstructions(
    np.asarray(patches[:, 0]), held_out={"external": external}, autoencoder=autoencoder, device=device
)
write_table(table, snakemake.output.table, RECONSTRUCTION)
