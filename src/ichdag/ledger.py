"""The ledger: what a study decides once and keeps while patients come and go: folds, training list, trained networks.

Tables of the ledger are sealed: beside each lies its SHA-256, as `sha256sum --check` reads it, so that a table that was
cut short or lost is refused, and not drawn anew in silence. A trained model is a folder whose weights are written last
and say what they were trained with; it holds until that changes. The rules ask before any job, so all of this needs
the standard library alone.
"""

import csv
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ichdag.file_errors import TRAINING_MARKERS
from ichdag.jobs import StudyError, write_text
from ichdag.models import check_companions, file_digest, read_identity
from ichdag.records import describe_changes, read_record

FOLDS_TABLE, TRAINING_LIST = "ledger/folds.tsv", "ledger/training.tsv"
# Results that are there once a study has begun, its folds are drawn, and its networks are trained.
FIRST_RESULT = "results/cohort/development_scans.tsv"
DRAWN_FOLDS = "results/cohort/folds.tsv"
NETWORKS_RESULT = TRAINING_MARKERS["segmentation"]
NETWORKS_OUTCOME = "segmentation"  # the outcome in DRAWN_FOLDS under which the folds of the training list stand
SHOWN = 3
SETTINGS_WITHOUT_EFFECT = ("checkpoint_every_epochs",)  # settings of a training that change no weight
CHANGE_TEXTS = {
    "code": "the code behind it changed",
    "masks": "what draws its masks is another",
    "folds": "the folds changed",
    "networks": "the networks that it is chosen with are others",
}


@contextmanager
def write_with_checksum(path: str | Path) -> Iterator[Path]:
    """Give a path to write a table of the ledger to; without an error it is renamed and its checksum written.

    If the job is killed, at any moment, the checksum fits the table that is there, be it the old or the new one.
    """
    path = Path(path)
    partial = path.with_name(f".new-{path.name}")
    try:
        yield partial
        lines = [_checksum_line(file, path.name) for file in (path, partial) if file.is_file()]
        write_text("".join(lines), checksum_file_of(path))
        os.replace(partial, path)
        write_text(lines[-1], checksum_file_of(path))
    finally:
        partial.unlink(missing_ok=True)


def checksum_file_of(path: str | Path) -> Path:
    """Return the path of the file with the SHA-256 of a table of the ledger."""
    return Path(f"{path}.sha256")


def check_ledger(*, folds: int, retrain: int) -> None:
    """Raise StudyError if the ledger is broken, has another number of folds, or results have lost their records.

    `folds` and `retrain` are those of the settings.
    """
    check_checksums()
    check_fold_count(folds, retrain=retrain)
    check_snakemake_records()


def check_checksums() -> None:
    """Raise StudyError if a table of the ledger is lost or not as it was written, or lacks what results were made with.

    A study without results may have any ledger, or none.
    """
    for path in (Path(FOLDS_TABLE), Path(TRAINING_LIST)):
        seal = checksum_file_of(path)
        if not seal.is_file():
            continue
        if not path.is_file():
            raise StudyError(f"{path} is lost: its seal {seal} is there. {_how_to_restore(path)}")
        if _checksum_line(path, path.name) not in seal.read_text(encoding="utf-8"):
            raise StudyError(
                f"{path} is not as it was written: its SHA-256 is another than in {seal}. {_how_to_restore(path)}"
            )
    if Path(NETWORKS_RESULT).is_file() and not Path(TRAINING_LIST).is_file():
        raise StudyError(
            f"{TRAINING_LIST} is lost: {NETWORKS_RESULT} is of networks trained on that list. "
            f"{_how_to_restore(Path(TRAINING_LIST))}"
        )
    if Path(DRAWN_FOLDS).is_file():
        drawn = {row for row in _assignments(DRAWN_FOLDS) if row[1] != NETWORKS_OUTCOME}
        lost = sorted(drawn - _assignments(FOLDS_TABLE))
        if lost:
            shown = "; ".join(f"sub-{subject}, {outcome}, fold {fold}" for subject, outcome, fold in lost[:SHOWN])
            raise StudyError(
                f"{FOLDS_TABLE} lacks {len(lost)} of {len(drawn)} assignments that {DRAWN_FOLDS} was made with "
                f"({shown}): it was cut short, lost, or is another study's. {_how_to_restore(Path(FOLDS_TABLE))}"
            )


def check_fold_count(count: int, *, retrain: int) -> None:
    """Raise StudyError if the ledger parts participants into another number of folds than `count`, the settings'.

    A training list that is to be drawn anew (`retrain` was raised) takes any number; an outcome's folds are kept.
    """
    is_locked = read_training_list(retrain=retrain) is not None
    counts = {FOLDS_TABLE: _folds_per_repeat(FOLDS_TABLE)}
    counts[TRAINING_LIST] = _folds_per_repeat(TRAINING_LIST) if is_locked else None
    known = {path: number for path, number in counts.items() if number}
    if set(known.values()) <= {count}:
        return
    others = " and ".join(f"{path} has {number}" for path, number in known.items() if number != count)
    back = f"Set folds back to {min(known.values())}. " if len(set(known.values())) == 1 else ""
    cures = (
        ["raise segmentation.retrain (networks are trained anew)"] if known.get(TRAINING_LIST, count) != count else []
    )
    if known.get(FOLDS_TABLE, count) != count:
        files = f"{FOLDS_TABLE}, {checksum_file_of(FOLDS_TABLE)} and {DRAWN_FOLDS}"
        cures += [f"move {files} away (folds are drawn and models fitted anew)"]
    raise StudyError(
        f"config folds is {count}, but {others}: folds are drawn once. {back}To go on with {count}, "
        f"{' and '.join(cures)}; or begin anew: move both ledger/ and results/ away"
    )


def check_snakemake_records() -> None:
    """Raise StudyError where there are results, but not Snakemake's records of what they were made with.

    Folders that begin with a dot are easily left behind; without them a changed setting would go unnoticed.
    """
    records = [Path(".snakemake/metadata.db"), *Path(".snakemake/metadata").glob("*")]
    if Path(FIRST_RESULT).is_file() and not any(record.exists() for record in records):
        raise StudyError(
            "results/ is here, but .snakemake/, which tells what they were made with, is not: changes would go "
            "unnoticed. Copy .snakemake/ from where the study was, or remove results/ and run again (ledger/ is kept, "
            "and so are folds and networks)"
        )


def read_training_list(path: str | Path = TRAINING_LIST, *, retrain: int) -> dict[str, int] | None:
    """Return the folds of the locked training list by subject; None if no list was drawn for this `retrain`."""
    if not Path(path).is_file():
        return None
    rows = _read_rows(path)
    if not rows or any(row.get("retrain") != str(retrain) for row in rows):
        return None
    return {row["subject"]: int(row["fold"]) for row in rows}


def reason_to_train(folder: str | Path, identity: dict[str, Any] | None) -> str | None:
    """Say why a model has to be trained (again); None if the one in `folder` is still valid.

    `identity` is what would be trained now; None if its list of subjects is still to be drawn. Raises StudyError if
    the model in the folder is damaged, for a training is too dear to be repeated for that. Where a training was killed
    between its card and its weights, the weights are those of before, and do not hold.
    """
    weights = Path(folder) / "weights.safetensors"
    if not weights.is_file():
        return "it is not there yet"
    reason = reason_to_rerun(read_identity(weights), identity)
    if reason is None:
        check_companions(weights)
    return reason


def reason_to_rerun(then: dict[str, Any] | None, identity: dict[str, Any] | None) -> str | None:
    """Say what changed between what exists (`then`; None: nothing) and what would be made; None if nothing did."""
    if then is None:
        return "it is not there yet"
    if identity is None:
        return "the training list is to be drawn anew"
    lines = describe_changes(then, identity)
    changes = [*dict.fromkeys(CHANGE_TEXTS.get(re.split(r"[ .]", line)[0], line) for line in lines)]
    more = f" and {len(changes) - SHOWN} more changes" if len(changes) > SHOWN else ""
    return ", ".join(changes[:SHOWN]) + more if changes else None


def last_training_hours(folder: str | Path) -> float | None:
    """Return how many hours the training of the model in `folder` took; None if there is no model."""
    run = Path(folder) / "run.json"
    seconds = read_record(run).get("seconds") if run.is_file() else None
    return None if seconds is None else seconds / 3600


def effective_settings(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a training that can change its weights."""
    return {name: value for name, value in training.items() if name not in SETTINGS_WITHOUT_EFFECT}


def identity_digest(value: Any) -> str:
    """Compute the digest of an identity, or of any value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _checksum_line(path: Path, name: str) -> str:
    return f"{file_digest(path)}  {name}\n"


def _how_to_restore(path: Path) -> str:
    seal = f"{checksum_file_of(path)} and {DRAWN_FOLDS}" if path == Path(FOLDS_TABLE) else checksum_file_of(path)
    return (
        f"Restore ledger/ from a backup. If {path.name} was changed on purpose, delete {seal}; to begin anew "
        "(folds drawn and networks trained anew), move both ledger/ and results/ away"
    )


def _folds_per_repeat(path: str) -> int | None:
    """Count the folds of each repeat in a table whose folds are numbered over all repeats; None if it is empty."""
    rows = _read_rows(path) if Path(path).is_file() else []
    repeats = Counter((row["subject"], row.get("outcome")) for row in rows)
    return (max(int(row["fold"]) for row in rows) + 1) // max(repeats.values()) if rows else None


def _assignments(path: str | Path) -> set[tuple[str, str, str]]:
    return (
        {(row["subject"], row["outcome"], row["fold"]) for row in _read_rows(path)} if Path(path).is_file() else set()
    )


def _read_rows(path: str | Path) -> list[dict[str, str]]:
    """Return the rows of a table. Raises StudyError if the file is not a table."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise StudyError(f"{path} cannot be read as a table ({error}). {_how_to_restore(Path(path))}") from error
    named = {"subject", "fold"} <= set(rows[0] if rows else ())
    if not named or any(None in row or None in row.values() or not row["fold"].isdecimal() for row in rows):
        raise StudyError(
            f"{path} is not a table of subjects and folds, or was cut short. {_how_to_restore(Path(path))}"
        )
    return rows
