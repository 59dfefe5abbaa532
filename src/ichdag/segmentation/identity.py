"""What a trained network, and the clean-up of masks chosen with it, are: if this changes they are made anew.

It holds settings, the training list and the code, not the scans: a corrected mask retrains nothing (`checks` says so of
the study), a `retrain` does. The rules ask before any job, so all of this needs the standard library alone.
"""

from collections.abc import Mapping
from typing import Any

from ichdag.ledger import digest_of, effective_settings
from ichdag.segmentation.choice import trained_in


def network_identity(
    network: str, *, config: Mapping[str, Any], training: Mapping[str, int] | None, code: str
) -> dict[str, Any] | None:
    """The identity of one network, such as `dual_0`; None if its list of subjects is still to be drawn.

    `training` has the folds of the training list by subject, `code` is the digest of the code that trains.
    """
    if training is None:
        return None
    variant, fold = network.split("_")
    own, subjects = config["segmentation"], sorted(trained_in(fold, training))
    return {
        "variant": variant,
        "fold": fold,
        "network": own["network"],
        "training": effective_settings(own["training"]),
        "augmentation": own["augmentation"],
        "preprocessing": config["preprocessing"],
        "seed": config["seed"],
        "retrain": own["retrain"],
        "subjects": {"count": len(subjects), "digest": digest_of(subjects)},
        "code": code,
    }


def cleanup_identity(
    *, config: Mapping[str, Any], training: Mapping[str, int] | None, networks: Mapping[str, str], code: str
) -> dict[str, Any] | None:
    """The identity of the chosen clean-up; `networks` has the digests of the networks' identities by name.

    None if it is chosen on a training list, or by networks, still to be made.
    """
    own = config["segmentation"]
    settings = {"cleanup": own["cleanup"], **{name: own[name] for name in ("threshold", "smallest_component_ml")}}
    if own["cleanup"]["chosen"] == "given":
        return settings | {"code": code}
    judges = {name: digest for name, digest in networks.items() if name.startswith("dual_")}
    if training is None or None in judges.values():
        return None
    folds = digest_of(sorted(training.items()))
    return settings | {"inference": own["inference"], "networks": judges, "folds": folds, "code": code}


def masks_identity(*, networks: Mapping[str, str], cleanup: Mapping[str, Any] | None) -> dict[str, str] | None:
    """What draws the predicted masks: digests of the identities of the dual-scale networks and of the clean-up.

    `networks` has the digests by name; None if one of them is not known yet.
    """
    if cleanup is None or None in networks.values():
        return None
    drawing = {name: digest for name, digest in networks.items() if name.startswith("dual_")}
    return drawing | {"cleanup": digest_of(cleanup)}


def drawn_by(networks: Mapping[str, Any], *, cleanup: Mapping[str, Any]) -> dict[str, str] | None:
    """`masks_identity` of the records of the networks (networks.json) and of the clean-up (cleanup.json)."""
    digests = {entry["name"]: entry["identity"] for entry in networks["networks"]}
    return masks_identity(networks=digests, cleanup=cleanup["identity"])
