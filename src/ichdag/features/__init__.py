"""Features: reduce each block by NMF, fitted inside each training fold and applied to all participants."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ichdag.features.blocks import Block, check_usable
from ichdag.features.reducer import Reducer
from ichdag.jobs import StudyError
from ichdag.models import ModelCard


@dataclass(frozen=True)
class FeaturesSettings:
    """Settings of the features stage; config/schemas/features.schema.json has meanings and units."""

    rank: int
    init: str
    max_iter: int
    tolerance: float


def fit_reduction(block: Block, *, training: int, settings: FeaturesSettings, seed: int) -> Reducer:
    """Fit the reduction on the first `training` rows of a block; one scaled copy of the matrix is made.

    Raises StudyError if there are too few rows or varying columns for the rank, DataFault if a row has features that
    cannot be used.
    """
    check_usable(block)
    reducer = Reducer(**asdict(settings), random_state=seed)
    try:
        return reducer.fit(block.values[:training])
    except ValueError as error:
        raise StudyError(f"features of block {block.name} cannot be reduced (config features): {error}") from error


def reduce_block(block: Block, *, reducer: Reducer, limits: dict[str, Any]) -> pd.DataFrame:
    """Reduce a block; follows schema reduced: subject, then {block}_000, {block}_001, ..., rows ordered by subject.

    `limits` are those of the model's card: the columns that the reduction was fitted on. Raises StudyError if the
    block has other columns, DataFault if a row has features that cannot be used.
    """
    check_usable(block)
    own = limits_of(block)
    if block.subjects and own != limits:
        raise StudyError(
            f"block {block.name} has {own['width']} columns, the reduction was fitted on {limits['width']}, or their "
            "names differ: extract the features of both cohorts with the same settings"
        )
    names = [f"{block.name}_{component:03d}" for component in range(reducer.components_.shape[0])]
    weights = reducer.transform(block.values) if block.subjects else np.empty((0, len(names)))
    table = pd.DataFrame(weights, columns=names)
    table.insert(0, "subject", pd.Series(block.subjects, dtype="string"))
    return table.sort_values("subject", ignore_index=True)


def describe_reduction(
    reducer: Reducer,
    *,
    block: Block,
    reduced: pd.DataFrame,
    training: int,
    name: str,
    settings: FeaturesSettings,
    seed: int,
) -> ModelCard:
    """Describe a fitted reduction as a model card: training subjects, input columns, how well the components fit.

    `reduced` has the weights of all participants of the block, schema reduced.
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
    return ModelCard(name, asdict(settings) | {"seed": seed}, subjects, limits_of(block), scores)


def limits_of(block: Block) -> dict[str, Any]:
    """Describe what a reduction that was fitted on this block accepts: the number of columns and their names."""
    return {"width": block.values.shape[1]} | ({"columns": block.columns} if block.columns else {})
