"""Which entries of the ledger are still valid (training list, trained models, clean-up), and why others are not.

No rule makes a valid entry again: it is a file like a scan, and no patient who joins, no mask that is corrected and no
image that is newer makes it due. An entry that is not valid is made by its rule, from the data of that moment.
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
        "ichdag.preprocessing.network_grids.make_grids",
    ),
    CLEANUP: (
        "ichdag.segmentation.cleanup.choose_cleanup",
        "ichdag.segmentation.cleanup.read_settings",
        "ichdag.segmentation.training.manual_baselines",
        "ichdag.preprocessing.network_grids.make_grids",
    ),
    VAEGAN: (
        "ichdag.latent.training.train_vaegan",
        "ichdag.latent.training.read_settings",
        "ichdag.latent.training.load_patches",
        "ichdag.latent.patches.cut_batch",
        "ichdag.segmentation.inference.segment_batch",
        "ichdag.segmentation.native_grid.native_mask",
    ),
}
RULES = {TRAINING: "lock_training_list", CLEANUP: "choose_cleanup", VAEGAN: "train_vaegan"}  # networks: train_network
FOLDERS = {VAEGAN: "ledger/latent/vaegan", CLEANUP: "ledger/segmentation"}


class LedgerStatus:
    """The state of the ledger of the study in the working directory, determined before any job.

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
        self.excluded_subjects = sorted(
            subject for subject in self.locked or () if roles.get(subject, "development") != "development"
        )

    @cached_property
    def training(self) -> dict[str, int] | None:
        """The folds of the training list by subject; None if it is to be drawn. Who has another role now is left out.

        Those who have left the sheet stay: a network stays as it is when a patient goes.
        """
        return self.locked and {
            subject: fold for subject, fold in self.locked.items() if subject not in self.excluded_subjects
        }

    @cached_property
    def identities(self) -> dict[str, dict[str, Any] | None]:
        """What each model would be now: settings, subjects, code; None where its training list is still to be drawn."""
        config, training = self.config, self.training
        networks = {
            name: network_identity(name, config=config, training=training, code=self.code[NETWORKS])
            for name in self.networks
        }
        digests = {name: identity_digest(identity) if identity else None for name, identity in networks.items()}
        cleanup = cleanup_identity(config=config, training=training, networks=digests, code=self.code[CLEANUP])
        manual = self.config["segmentation"]["masks"] == "manual"
        masks = {} if manual else masks_identity(networks=digests, cleanup=cleanup)
        vaegan = vaegan_identity(
            config=config, training=training, patches=self.patches, masks=masks, code=self.code[VAEGAN]
        )
        return networks | {CLEANUP: cleanup, VAEGAN: vaegan}

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Why entries are to be made, in words, by name; valid entries are left out.

        Raises StudyError if a model is damaged.
        """
        retrain = self.config["segmentation"]["retrain"]
        reasons: dict[str, str | None] = {}
        reasons[TRAINING] = None if self.locked else f"none is drawn yet for segmentation.retrain {retrain}"
        for name in [*self.networks, VAEGAN]:
            reasons[name] = reason_to_train(model_folder(name), self.identities[name])
        cleanup = Path(FOLDERS[CLEANUP]) / "cleanup.json"
        then = read_record(cleanup).get("identity") if cleanup.is_file() else None
        reasons[CLEANUP] = reason_to_rerun(then, self.identities[CLEANUP])
        return {name: reason for name, reason in reasons.items() if reason}

    def _refuse_lost(self) -> None:
        """Raise StudyError if a model is lost that results were made with and that would be trained again as it was.

        Another setting, list or code trains it anew whether it is lost or not; of the VAE-GAN no result tells them.
        """
        gone = [name for name in [*self.networks, VAEGAN] if not (model_folder(name) / "weights.safetensors").is_file()]
        networks = TRAINING_MARKERS["segmentation"] if Path(TRAINING_MARKERS["segmentation"]).is_file() else None
        listed = read_record(networks)["networks"] if networks and {*gone} - {VAEGAN} else []
        known = {entry["name"]: entry["identity"] for entry in listed}
        lost = [name for name in gone if name in known and known[name] == identity_digest(self.identities[name])]
        if lost:
            raise _lost(lost, TRAINING_MARKERS["segmentation"], "raise segmentation.retrain, or ")
        if VAEGAN in gone and Path(TRAINING_MARKERS["latent"]).is_file() and self.identities[VAEGAN]:
            raise _lost([VAEGAN], TRAINING_MARKERS["latent"], "")

    def due_pattern(self, *names: str) -> str:
        """Return a pattern for a wildcard that matches those of these names that are to be made."""
        return "|".join(name for name in names if name in self.reasons) or NEVER

    def describe(self, name: str) -> str:
        """Say why an entry is to be made, and how long its last training took, for the plan."""
        hours = None if name in (TRAINING, CLEANUP) else last_training_hours(model_folder(name))
        took = f"; the last training took {format_plain(hours, 2)} h" if hours else ""
        return self.reasons.get(name, "it stands") + took

    def check(self, *, before_run: bool = True) -> "LedgerStatus":
        """Check the ledger and return this object. Raises StudyError if a model is damaged or, before a run, lost.

        A job does not look for lost models: during a run, files of other hosts may appear late.
        """
        _ = self.reasons
        if before_run:
            self._refuse_lost()
        return self

    @property
    def forced_rules(self) -> list[str]:
        """The rules that make entries that are not valid.

        Snakemake knows files by their dates alone, and does not make a missing file while all results that follow
        from it are there.
        """
        return sorted({RULES.get(name, "train_network") for name in self.reasons})


def model_folder(name: str) -> Path:
    """Return the folder of a trained model in the ledger."""
    return Path(FOLDERS.get(name) or f"ledger/segmentation/{name}")


def _lost(names: Sequence[str], witness: str, more: str) -> StudyError:
    shown = ", ".join(str(model_folder(name)) for name in names[:SHOWN])
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return StudyError(
        f"{shown}{rest} lost the weights that {witness} was made with. Restore ledger/ from a backup. To train anew on "
        f"purpose, {more}delete {witness} as well"
    )
