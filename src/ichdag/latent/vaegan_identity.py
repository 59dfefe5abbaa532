"""Identity of the VAE-GAN: if it changes, the VAE-GAN is trained again. It imports the standard library only."""

from collections.abc import Mapping
from typing import Any

from ichdag.ledger import effective_settings, identity_digest


def vaegan_identity(
    *,
    config: Mapping[str, Any],
    patches: Mapping[str, Any],
    training: Mapping[str, int] | None,
    masks: Mapping[str, Any] | None,
    code: str,
) -> dict[str, Any] | None:
    """Return the identity of the VAE-GAN; None if the training list, or something its masks need, is not made yet.

    `patches` are the settings of the lesion patches, `training` has the fold of each subject on the training list,
    `masks` is the identity of the lesion masks (see `masks_identity` of segmentation; empty for manual masks),
    `code` is the digest of the code that cuts patches and trains.
    """
    if training is None or masks is None:
        return None
    settings = config["latent"]
    subjects = sorted(training)
    return {
        "network": settings["network"],
        "training": effective_settings(settings["training"]),
        "patches": dict(patches),
        "seed": config["seed"],
        "retrain": config["segmentation"]["retrain"],
        "subjects": {"count": len(subjects), "digest": identity_digest(subjects)},
        "masks": dict(masks) | ({"inference": config["segmentation"]["inference"]} if masks else {}),
        "code": code,
    }
