"""The AUC of each outcome's best model, corrected for its having been chosen as the best."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ichdag.evaluation.cells import EXTERNAL, POOLED, Cell, models_of
from ichdag.evaluation.delong import areas
from ichdag.evaluation.measures import NO_BOOTSTRAP, collapse
from ichdag.evaluation.resampling import Resamples, percentiles, resample, resampled_auc
from ichdag.evaluation.schemas import BEST
from ichdag.jobs import StudyError
from ichdag.names import FEATURE_SETS

NAMES = ("corrected", "corrected_low", "corrected_high")


def correct_best(predictions: pd.DataFrame, *, confidence: float, bootstrap: int, seed: int) -> pd.DataFrame:
    """The best model of each outcome with its pooled AUC, raw and corrected; follows schema best.

    Bootstrap bias-corrected cross-validation (Tsamardinos et al. 2018, doi 10.1007/s10994-018-5714-4): in each resample
    of the participants the best model is chosen anew, and judged on those who were not drawn. The corrected AUC is the
    mean, its limits are percentiles; they are wide, since about a third of the participants are not drawn. The model is
    that of `best_models`: comparators do not compete, nor models that are flat in a fold where there are others. An
    outcome without any AUC has no row.
    """
    competing: dict[str, tuple[list[Cell], list[Cell]]] = {}
    for cells in models_of(predictions):
        pooled = next(cell for cell in cells if cell.fold == POOLED)
        if pooled.features in FEATURE_SETS:
            flat = any(cell.is_flat for cell in cells if cell.fold not in (POOLED, EXTERNAL))
            competing.setdefault(pooled.outcome, ([], []))[flat].append(pooled)
    rows = [row for told, flat in competing.values() for row in _best(told or flat, confidence, bootstrap, seed)]
    return pd.DataFrame(rows, columns=BEST.column_names)


def _best(models: list[Cell], confidence: float, bootstrap: int, seed: int) -> Iterator[dict]:
    """The row of one outcome, none where a class is missing."""
    first = models[0]
    for cell in models:
        if not np.array_equal(cell.subjects, first.subjects):
            raise StudyError(
                f"predictions, outcome {cell.outcome}: {cell.features} with {cell.classifier} has other participants "
                f"than {first.features} with {first.classifier}; delete the table and run again"
            )
    m, n = first.counts["positives"], first.counts["n"] - first.counts["positives"]
    if not m or not n:
        return
    aucs = [float(np.mean([areas(one.happened, scores=one.probability).auc[0] for one in _single(c)])) for c in models]
    best = int(np.argmax(aucs))
    row = {name: getattr(models[best], name) for name in ("outcome", "features", "classifier")}
    corrected = _corrected(models, resample(m, n, count=bootstrap, seed=seed), confidence)
    note = "every resample drew a whole class" if math.isnan(corrected[0]) else None
    if collapse(corrected[1:]):
        corrected, note = (corrected[0], math.nan, math.nan), NO_BOOTSTRAP
    row |= {"models": len(models), "auc": aucs[best]} | dict(zip(NAMES, corrected, strict=True))
    yield row | first.counts | {"note": note}


def _corrected(models: list[Cell], draws: Resamples, confidence: float) -> tuple[float, float, float]:
    """Mean and limits over resamples of the AUC that the model chosen in one has on those not drawn in it.

    Resamples that leave out nobody of a class are passed over; NaN where all do.
    """
    left = Resamples(*(np.equal(counts, 0).astype(np.float32) for counts in (draws.positives, draws.negatives)))
    drawn, outside = (np.stack([_mean_auc(cell, part) for cell in models]) for part in (draws, left))
    judged = np.take_along_axis(outside, drawn.argmax(axis=0)[None], axis=0)[0]
    judged = judged[np.isfinite(judged)]
    if not len(judged):
        return math.nan, math.nan, math.nan
    return float(judged.mean()), *percentiles(judged, confidence=confidence)


def _mean_auc(cell: Cell, draws: Resamples) -> np.ndarray:
    """AUC (B,) of every resample, the mean over the repeats of the cross-validation."""
    return np.mean([resampled_auc(*one.split, draws=draws) for one in _single(cell)], axis=0)


def _single(cell: Cell) -> tuple[Cell, ...]:
    """The cross-validations of a pooled cell, one by one."""
    return cell.repeats or (cell,)
