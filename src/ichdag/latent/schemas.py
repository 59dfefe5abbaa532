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
        Column(
            "role",
            "development: patches that the models were fitted on; external: patches that were not used for fitting",
        ),
        Column("model", "model that reconstructs the patches", values=("vaegan", "pca", "mean")),
        number("latents", "number of latent values from which a patch is reconstructed", low=0),
        number("mae", "mean over patches of the mean absolute error, window 0 to 1", low=0),
        number("rmse", "mean over patches of the root of the mean squared error, window 0 to 1", low=0),
        number("n", "patches", low=1),
    ),
)
