"""Read feature blocks as matrices: radiomics from a table, latents from a store. Rows are participants."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ichdag.arrays import read_item
from ichdag.jobs import DataFault, StudyError
from ichdag.nonfinite import describe_nonfinite
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import read_table

METADATA_COLUMNS = ("subject", "status", "reason", "missing")
SHAPE_MARKER = "_shape_"


@dataclass(frozen=True)
class Block:
    """One feature block: name, participants, values (n, p), and column names (None for latents)."""

    name: str
    subjects: list[str]
    values: np.ndarray
    columns: list[str] | None


def read_block(path: str | Path, *, name: str, subjects: list[str]) -> Block:
    """Read one block of these participants, rows in their order: radiomics as float64, latents as float32.

    Raises StudyError, naming participants, if the file lacks some, or if their latents differ in size.
    """
    if name == "radiomics":
        table = (
            read_table(path, FEATURES).set_index("subject").drop(columns=list(METADATA_COLUMNS[1:]), errors="ignore")
        )
        missing = [subject for subject in subjects if subject not in table.index]
        if missing:
            raise _lacking(missing, path=path, name=name)
        return Block(name, subjects, table.loc[subjects].to_numpy(dtype=np.float64, na_value=np.nan), list(table))
    return Block(name, subjects, _read_latents(path, name=name, subjects=subjects), None)


def block_of_subject(subject: str, *, name: str, values: Mapping[str, float] | np.ndarray) -> Block:
    """Build a block of one participant, as `read_block` reads it: radiomics by name, or latents (p,)."""
    if isinstance(values, np.ndarray):
        return Block(name, [subject], values.astype(np.float32)[None], None)
    return Block(name, [subject], np.array([list(values.values())], dtype=np.float64), list(values))


def blank_columns(block: Block, *, names: list[str]) -> Block:
    """Set these columns to missing in every row, so that a reduction fitted on the block drops them."""
    values = block.values.copy()
    values[:, [column in set(names) for column in block.columns or []]] = np.nan
    return Block(block.name, block.subjects, values, block.columns)


def check_usable(block: Block) -> None:
    """Raise DataFault for the first participant with an infinite feature, or with a latent that is infinite or NaN.

    In a study the cohort table has already excluded such participants; a new patient is refused with this error.
    """
    has_names = block.columns is not None  # then a feature may be missing: the reduction imputes it
    described = "features" if has_names else f"{block.name} latents"
    stage = block.name if has_names else "latent"
    for subject, row in zip(block.subjects, block.values, strict=True):
        fault = describe_nonfinite(row, what=described, names=block.columns, may_lack=has_names)
        if fault:
            raise DataFault(stage, f"{subject} has {fault}")


def shape_columns(columns: list[str]) -> list[str]:
    """Select the shape features among radiomic features, in their order."""
    return [column for column in columns if SHAPE_MARKER in column]


def _read_latents(path: str | Path, *, name: str, subjects: list[str]) -> np.ndarray:
    """Read latents (n, p), float32, row by row into one matrix, so that memory holds them once."""
    matrix = np.empty((0, 0), dtype=np.float32)
    for index, subject in enumerate(subjects):
        row = read_item(path, f"{subject}/{name}")
        if row is None:
            raise _lacking([subject], path=path, name=name)
        if index == 0:
            matrix = np.empty((len(subjects), row.size), dtype=np.float32)
        if row.size != matrix.shape[1]:
            raise StudyError(
                f"{path}: {subject} has {row.size} {name} latents, {subjects[0]} {matrix.shape[1]}: redo latent"
            )
        matrix[index] = row.ravel()
    return matrix


def _lacking(missing: list[str], *, path: str | Path, name: str) -> StudyError:
    """Create the error for participants who are missing in the file."""
    return StudyError(
        f"{path} has no {name} features of {len(missing)} included participants, {missing[0]} first: "
        "make that file again, or exclude them at their stage"
    )
