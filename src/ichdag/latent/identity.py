"""What a trained VAE-GAN is: if this changes it is trained anew. It needs the standard library alone."""

from collections.abc import Mapping
from typing import Any

from ichdag.ledger import digest_of, effective_settings


def vaegan_identity(
    *,
    config: Mapping[str, Any],
    patches: Mapping[str, Any],
    training: Mapping[str, int] | None,
    masks: Mapping[str, Any] | None,
    code: str,
) -> dict[str, Any] | None:
    """The identity of the VAE-GAN; None if its list of subjects, or what draws its masks, is still to be made.

    `patches` are the settings that lesion patches are cut with, `training` has the folds of the training list by
    subject, `masks` says what draws the lesion masks (see `segmentation.identity.masks_identity`; empty where they are
    manual), `code` is the digest of the code that cuts patches and trains.
    """
    if training is None or masks is None:
        return None
    own, subjects = config["latent"], sorted(training)
    return {
        "network": own["network"],
        "training": effective_settings(own["training"]),
        "patches": dict(patches),
        "seed": config["seed"],
        "retrain": config["segmentation"]["retrain"],
        "subjects": {"count": len(subjects), "digest": digest_of(subjects)},
        "masks": dict(masks) | ({"inference": config["segmentation"]["inference"]} if masks else {}),
        "code": code,
    }
