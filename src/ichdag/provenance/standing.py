"""What of the ledger still stands: the training list, the trained models, the clean-up; and why what does not.

What stands is made by no rule: it is a file like a scan, and no patient who joins, no mask that is corrected and no
image that is newer makes it due. What does not stand is made by its rule, from what there is by then.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ichdag.file_errors import TRAINING_MARKERS
from ichdag.jobs import StudyError
from ichdag.latent.identity import vaegan_identity
from ichdag.ledger import (
    SHOWN,
    identity_digest,
    last_training_hours,
    read_training_list,
    reason_to_rerun,
    reason_to_train,
)
from ichdag.number_format import format_plain
from ichdag.records import read_record
from ichdag.segmentation.identity import cleanup_identity, masks_identity, network_identity

NEVER = "(?!)"  # a pattern that nothing matches
TRAINING, CLEANUP, VAEGAN = "training", "cleanup", "vaegan"
NETWORKS = "networks"
# The code that decides what comes out: of network, loss, augmentation and loop, and of what they are fed.
CODE = {
    NETWORKS: (
        "ichdag.segmentation.training.train_network",
        "ichdag.segmentation.training.read_settings",
        "ichdag.segmentation.training.load_samples",
        "ichdag.segmentation.training.manual_baselines",
        "ichdag.preprocessing.grids.make_grids",
    ),
    CLEANUP: (
        "ichdag.segmentation.cleanup.choose_cleanup",
        "ichdag.segmentation.cleanup.read_settings",
        "ichdag.segmentation.training.manual_baselines",
        "ichdag.preprocessing.grids.make_grids",
    ),
    VAEGAN: (
        "ichdag.latent.training.train_vaegan",
        "ichdag.latent.training.read_settings",
        "ichdag.latent.training.load_patches",
        "ichdag.latent.patches.cut_batch",
        "ichdag.segmentation.inference.segment_batch",
        "ichdag.segmentation.native_grid.resample_to_native",
    ),
}
RULES = {TRAINING: "lock_training_list", CLEANUP: "choose_cleanup", VAEGAN: "train_vaegan"}  # networks: train_network
FOLDERS = {VAEGAN: "ledger/latent/vaegan", CLEANUP: "ledger/segmentation"}


class Standing:
    """The ledger of the study in the working directory, asked before any job.

    `networks` are their names, `patches` the settings that lesion patches are cut with, `roles` says what role each
    participant of the sheet has, `code` gives the digest of definitions (see `definitions_digest`).
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        networks: Sequence[str],
        patches: Mapping[str, Any],
        roles: Mapping[str, str],
        code: Callable[..., str],
    ):
        self.config, self.networks, self.patches = config, list(networks), patches
        self.code = {name: code(*definitions) for name, definitions in CODE.items()}
        self.locked = read_training_list(retrain=config["segmentation"]["retrain"])
        self.away = sorted(one for one in self.locked or () if roles.get(one, "development") != "development")

    @cached_property
    def training(self) -> dict[str, int] | None:
        """The folds of the training list by subject, None if it is to be drawn. Who has another role by now is out.

        Who has left the sheet is not: a network stays as it is when a patient goes.
        """
        return self.locked and {one: fold for one, fold in self.locked.items() if one not in self.away}

    @cached_property
    def identities(self) -> dict[str, dict[str, Any] | None]:
        """What each model would be now: settings, subjects, code; None where its training list is still to be drawn."""
        shared = {"config": self.config, "training": self.training}
        found = {name: network_identity(name, **shared, code=self.code[NETWORKS]) for name in self.networks}
        digests = {name: identity and identity_digest(identity) for name, identity in found.items()}
        cleanup = cleanup_identity(**shared, networks=digests, code=self.code[CLEANUP])
        manual = self.config["segmentation"]["masks"] == "manual"
        masks = {} if manual else masks_identity(networks=digests, cleanup=cleanup)
        vaegan = vaegan_identity(**shared, patches=self.patches, masks=masks, code=self.code[VAEGAN])
        return found | {CLEANUP: cleanup, VAEGAN: vaegan}

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Why something is to be made, in words, by name; what stands is left out.

        Raises StudyError if a model is damaged.
        """
        retrain = self.config["segmentation"]["retrain"]
        reasons = {TRAINING: None if self.locked else f"none is drawn yet for segmentation.retrain {retrain}"}
        for name in [*self.networks, VAEGAN]:
            reasons[name] = reason_to_train(folder_of(name), self.identities[name])
        cleanup = Path(FOLDERS[CLEANUP]) / "cleanup.json"
        then = read_record(cleanup).get("identity") if cleanup.is_file() else None
        reasons[CLEANUP] = reason_to_rerun(then, self.identities[CLEANUP])
        return {name: reason for name, reason in reasons.items() if reason}

    def _refuse_lost(self) -> None:
        """Raise StudyError if a model is lost that results were made with and that would be trained again as it was.

        Another setting, list or code trains it anew whether it is lost or not; of the VAE-GAN no result tells them.
        """
        gone = [name for name in [*self.networks, VAEGAN] if not (folder_of(name) / "weights.safetensors").is_file()]
        networks = TRAINING_MARKERS["segmentation"] if Path(TRAINING_MARKERS["segmentation"]).is_file() else None
        listed = read_record(networks)["networks"] if networks and {*gone} - {VAEGAN} else []
        known = {entry["name"]: entry["identity"] for entry in listed}
        lost = [name for name in gone if name in known and known[name] == identity_digest(self.identities[name])]
        if lost:
            raise _lost(lost, TRAINING_MARKERS["segmentation"], "raise segmentation.retrain, or ")
        if VAEGAN in gone and Path(TRAINING_MARKERS["latent"]).is_file() and self.identities[VAEGAN]:
            raise _lost([VAEGAN], TRAINING_MARKERS["latent"], "")

    def due(self, *names: str) -> str:
        """A pattern (of a wildcard) that matches those of these names that are to be made."""
        return "|".join(name for name in names if name in self.reasons) or NEVER

    def told(self, name: str) -> str:
        """Why one of them is to be made, and what its training took last time, for the plan."""
        hours = None if name in (TRAINING, CLEANUP) else last_training_hours(folder_of(name))
        took = f"; the last training took {format_plain(hours, 2)} h" if hours else ""
        return self.reasons.get(name, "it stands") + took

    def asked(self, *, before_run: bool = True) -> "Standing":
        """Look at the ledger now, and give this back. Raises StudyError if a model is damaged or, before a run, lost.

        A job does not ask for what is lost: while a run goes on, it may see files of other hosts late.
        """
        _ = self.reasons
        if before_run:
            self._refuse_lost()
        return self

    @property
    def forced_rules(self) -> list[str]:
        """The rules that make what does not stand.

        Snakemake knows files by their dates alone, and takes for granted what is missing while all that follows is
        there.
        """
        return sorted({RULES.get(name, "train_network") for name in self.reasons})


def folder_of(name: str) -> Path:
    """The folder of a trained model in the ledger."""
    return Path(FOLDERS.get(name) or f"ledger/segmentation/{name}")


def _lost(names: Sequence[str], witness: str, more: str) -> StudyError:
    shown = ", ".join(str(folder_of(name)) for name in names[:SHOWN])
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return StudyError(
        f"{shown}{rest} lost the weights that {witness} was made with. Restore ledger/ from a backup. To train anew on "
        f"purpose, {more}delete {witness} as well"
    )
