"""Features: one reduction per block, fitted inside each training fold, applied to everybody else."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ichdag.features.blocks import Block, refuse_unusable
from ichdag.features.reducer import Reducer
from ichdag.jobs import StudyError
from ichdag.models import Card


@dataclass(frozen=True)
class Settings:
    """Settings of the features stage; meanings and units in config/schemas/features.schema.json."""

    rank: int
    init: str
    max_iter: int
    tolerance: float


def fit_reduction(block: Block, *, training: int, settings: Settings, seed: int) -> Reducer:
    """Fit the reduction on the first `training` rows of a block; the matrix is not copied, one scaled copy is made.

    Raises StudyError if there are too few rows or varying columns for the rank, DataFault if a row has features that
    cannot be used.
    """
    refuse_unusable(block)
    reducer = Reducer(**asdict(settings), random_state=seed)
    try:
        return reducer.fit(block.values[:training])
    except ValueError as error:
        raise StudyError(f"features of block {block.name} cannot be reduced (config features): {error}") from error


def reduce_block(block: Block, *, reducer: Reducer, limits: dict[str, Any]) -> pd.DataFrame:
    """The reduced features, schema reduced: subject, then {block}_000 and on, rows ordered by subject.

    `limits` are those of the model's card: the columns the reduction was fitted on. Raises StudyError if others come,
    DataFault if a row has features that cannot be used.
    """
    refuse_unusable(block)
    found = limits_of(block)
    if block.subjects and found != limits:
        raise StudyError(
            f"block {block.name} has {found['width']} columns, the reduction was fitted on {limits['width']}, or their "
            "names differ: extract the features of both cohorts with the same settings"
        )
    names = [f"{block.name}_{part:03d}" for part in range(reducer.components_.shape[0])]
    weights = reducer.transform(block.values) if block.subjects else np.empty((0, len(names)))
    table = pd.DataFrame(weights, columns=names)
    table.insert(0, "subject", pd.Series(block.subjects, dtype="string"))
    return table.sort_values("subject", ignore_index=True)


def describe(
    reducer: Reducer, *, block: Block, reduced: pd.DataFrame, training: int, name: str, settings: Settings, seed: int
) -> Card:
    """The card of a fitted reduction: whom it has seen, which columns it takes, how well the parts fit them.

    `reduced` has the weights of everybody in the block, schema reduced.
    """
    subjects = block.subjects[:training]
    weights = reduced.set_index("subject").loc[subjects].to_numpy()
    scores = {
        "iterations": reducer.n_iter_,
        "converged": reducer.n_iter_ < settings.max_iter,
        "reconstruction_error": reducer.reconstruction_err_,
        "relative_error": reducer.error_,
        "relative_error_transformed": reducer.residual(block.values[:training], weights=weights),
        "dropped_columns": int((~reducer.kept_).sum()),
    }
    return Card(name, asdict(settings) | {"seed": seed}, subjects, limits_of(block), scores)


def limits_of(block: Block) -> dict[str, Any]:
    """What a reduction that was fitted on this block can be given: so many columns, of these names."""
    return {"width": block.values.shape[1]} | ({"columns": block.columns} if block.columns else {})
