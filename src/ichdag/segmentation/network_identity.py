"""Identities of the trained networks and of the mask clean-up: if an identity changes, its object is made again.

An identity holds settings, training list and code, but not the scans: a corrected mask does not retrain a network (the
checks of the study report it), a higher `segmentation.retrain` does. The rules need the identities before any job, so
this module imports the standard library only.
"""

from collections.abc import Mapping
from typing import Any

from ichdag.ledger import effective_settings, identity_digest
from ichdag.segmentation.fold_assignment import training_subjects


def network_identity(
    network: str, *, config: Mapping[str, Any], training: Mapping[str, int] | None, code: str
) -> dict[str, Any] | None:
    """Return the identity of one network, such as `dual_0`; None if its training list is not drawn yet.

    `training` has the fold of each subject on the training list, `code` is the digest of the training code.
    """
    if training is None:
        return None
    variant, fold = network.split("_")
    settings = config["segmentation"]
    subjects = sorted(training_subjects(fold, training))
    return {
        "variant": variant,
        "fold": fold,
        "network": settings["network"],
        "training": effective_settings(settings["training"]),
        "augmentation": settings["augmentation"],
        "preprocessing": config["preprocessing"],
        "seed": config["seed"],
        "retrain": settings["retrain"],
        "subjects": {"count": len(subjects), "digest": identity_digest(subjects)},
        "code": code,
    }


def cleanup_identity(
    *, config: Mapping[str, Any], training: Mapping[str, int] | None, networks: Mapping[str, str | None], code: str
) -> dict[str, Any] | None:
    """Return the identity of the chosen clean-up; None if the training list or a network it needs is not made yet.

    `networks` has the digest of the identity of each network by name.
    """
    stage = config["segmentation"]
    settings = {"cleanup": stage["cleanup"], **{name: stage[name] for name in ("threshold", "min_component_ml")}}
    if stage["cleanup"]["chosen"] == "given":
        return settings | {"code": code}
    dual_networks = {name: digest for name, digest in networks.items() if name.startswith("dual_")}
    if training is None or None in dual_networks.values():
        return None
    folds = identity_digest(sorted(training.items()))
    return settings | {"inference": stage["inference"], "networks": dual_networks, "folds": folds, "code": code}


def masks_identity(*, networks: Mapping[str, str | None], cleanup: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Return what the predicted masks depend on: digests of the identities of dual-scale networks and clean-up.

    `networks` has the digests by name. None if one of them is not known yet.
    """
    if cleanup is None or None in networks.values():
        return None
    dual_networks = {name: digest for name, digest in networks.items() if digest and name.startswith("dual_")}
    return dual_networks | {"cleanup": identity_digest(cleanup)}


def read_masks_identity(networks: Mapping[str, Any], *, cleanup: Mapping[str, Any]) -> dict[str, str] | None:
    """Return `masks_identity` from the records of the networks (networks.json) and of the clean-up (cleanup.json)."""
    digests = {entry["name"]: entry["identity"] for entry in networks["networks"]}
    return masks_identity(networks=digests, cleanup=cleanup["identity"])
