"""Whether the VAE-GAN learned what it is for: units that say something of the patient, and a game nobody has won."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ichdag.latent.network import Autoencoder
from ichdag.numerals import numeral

LOGGER = logging.getLogger("ichdag")
# A latent unit is active if its mean varies over patients by more than this (Burda et al., ICLR 2016).
ACTIVE_VARIANCE = 0.01
# ASSUME: a discriminator right in more than 95 % has won, in less than 55 % has given up; the game teaches no more.
BALANCE = (0.55, 0.95)
FEWEST_ACTIVE = 0.01


def examine(
    autoencoder: Autoencoder, patches: Tensor, *, losses: Mapping[str, float], device: torch.device
) -> dict[str, Any]:
    """The scores of a trained VAE-GAN's card: its last losses, `active_units`, and `complaints`, which are logged."""
    scores: dict[str, Any] = dict(losses) | {"active_units": active_units(autoencoder, patches, device=device)}
    scores["complaints"] = complaints(scores)
    for complaint in scores["complaints"]:
        LOGGER.warning("%s", complaint)
    return scores


@torch.inference_mode()
def active_units(autoencoder: Autoencoder, patches: Tensor, *, device: torch.device) -> float:
    """Part of the latent units whose mean varies over patients (n, 1, P, P, P) (Burda et al., ICLR 2016)."""
    mean = total = None
    for patch in patches:
        unit = autoencoder.encoder(patch[None].to(device).float())[0][0].double()
        mean, total = (unit, unit**2) if mean is None else (mean + unit, total + unit**2)
    variance = total / len(patches) - (mean / len(patches)) ** 2
    return float((variance > ACTIVE_VARIANCE).double().mean())


def complaints(scores: Mapping[str, float]) -> list[str]:
    """What is wrong with a trained VAE-GAN, one sentence each, for its card and the report; empty if nothing is.

    `scores` has the last epoch's terms and `active_units`. A collapse is said, not hidden, and stops nothing: the
    blocks that do without the VAE-GAN are as good as before.
    """
    found = []
    if scores["active_units"] < FEWEST_ACTIVE:
        active = numeral(100 * scores["active_units"], 2)
        found.append(
            f"The latent space has collapsed: {active} % of its units vary over patients. "
            "Lower latent.training.kl_weight or lengthen latent.training.warmup_epochs."
        )
    if scores["discriminator_right"] > BALANCE[1]:
        found.append(
            f"The discriminator has won ({100 * scores['discriminator_right']:.0f} % of its judgments are right). "
            "Lower latent.training.discriminator_learning_rate or discriminator_ceiling."
        )
    if scores["discriminator_right"] < BALANCE[0]:
        found.append(
            f"The discriminator has given up ({100 * scores['discriminator_right']:.0f} % of its judgments are right, "
            "50 % is chance): the adversarial loss teaches nothing. Raise latent.training.discriminator_learning_rate."
        )
    return found
