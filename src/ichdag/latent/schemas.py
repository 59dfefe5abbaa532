"""Tables of latents and of the VAE-GAN."""

from ichdag.columns import REASON, STAGE, STATUS, SUBJECT
from ichdag.schema import Column, Schema, number

LATENTS = Schema(
    "latents",
    (
        SUBJECT,
        STATUS,
        STAGE,
        REASON,
    ),
)

RECONSTRUCTION = Schema(
    "reconstruction",
    (
        Column("role", "development: the patches the models were fitted on; external: patches they never saw"),
        Column("model", "what reconstructs", values=("vaegan", "pca", "mean")),
        number("latents", "numbers a patch is reconstructed from", low=0),
        number("mae", "mean over patches of the mean absolute error, window 0 to 1", low=0),
        number("rmse", "mean over patches of the root of the mean squared error, window 0 to 1", low=0),
        number("n", "patches", low=1),
    ),
)
