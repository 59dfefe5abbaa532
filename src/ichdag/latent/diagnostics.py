"""Diagnose a trained VAE-GAN: collapse of the latent space, and balance of autoencoder and discriminator."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ichdag.latent.network import Autoencoder
from ichdag.number_format import format_plain

LOGGER = logging.getLogger("ichdag")
# A latent unit is active if its mean varies over patients by more than this (Burda et al., ICLR 2016).
ACTIVE_VARIANCE = 0.01
# ASSUME: with a discriminator accuracy outside this range, the adversarial loss no longer improves the autoencoder.
DISCRIMINATOR_ACCURACY_RANGE = (0.55, 0.95)
MIN_ACTIVE_UNITS = 0.01


def diagnose(
    autoencoder: Autoencoder, patches: Tensor, *, losses: Mapping[str, float], device: torch.device
) -> dict[str, Any]:
    """Return the scores for the model card: last losses, `active_units`, and `complaints` (warnings, also logged)."""
    scores: dict[str, Any] = dict(losses) | {"active_units": active_units(autoencoder, patches, device=device)}
    scores["complaints"] = training_warnings(scores)
    for warning in scores["complaints"]:
        LOGGER.warning("%s", warning)
    return scores


@torch.inference_mode()
def active_units(autoencoder: Autoencoder, patches: Tensor, *, device: torch.device) -> float:
    """Return the fraction of latent units whose mean varies over patches (n, 1, P, P, P) (Burda et al., ICLR 2016)."""
    total = torch.zeros((), device=device)
    total_of_squares = torch.zeros((), device=device)
    for patch in patches:
        latent = autoencoder.encoder(patch[None].to(device).float())[0][0].double()
        total = total + latent
        total_of_squares = total_of_squares + latent**2
    variance = total_of_squares / len(patches) - (total / len(patches)) ** 2
    return float((variance > ACTIVE_VARIANCE).double().mean())


def training_warnings(scores: Mapping[str, float]) -> list[str]:
    """Return warnings about a trained VAE-GAN, one sentence each, for its card and the report.

    `scores` has the terms of the last epoch and `active_units`. A warning does not stop the study, because the other
    feature blocks do not use the VAE-GAN.
    """
    warnings = []
    if scores["active_units"] < MIN_ACTIVE_UNITS:
        active = format_plain(100 * scores["active_units"], 2)
        warnings.append(
            f"The latent space has collapsed: {active} % of its units vary over patients. "
            "Lower latent.training.kl_weight or lengthen latent.training.warmup_epochs."
        )
    if scores["discriminator_right"] > DISCRIMINATOR_ACCURACY_RANGE[1]:
        warnings.append(
            f"The discriminator has won ({100 * scores['discriminator_right']:.0f} % of its judgments are right). "
            "Lower latent.training.discriminator_learning_rate or discriminator_ceiling."
        )
    if scores["discriminator_right"] < DISCRIMINATOR_ACCURACY_RANGE[0]:
        warnings.append(
            f"The discriminator has given up ({100 * scores['discriminator_right']:.0f} % of its judgments are right, "
            "50 % is chance): the adversarial loss teaches nothing. Raise latent.training.discriminator_learning_rate."
        )
    return warnings
