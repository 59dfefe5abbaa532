"""Comparison at the level of patients: DeLong's tests, paired for feature sets, unpaired for men and women."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ichdag.evaluation import inflation
from ichdag.evaluation.cells import EXTERNAL, POOLED, Cell, models_of
from ichdag.evaluation.delong import Areas, areas, auc_interval, paired_difference, unpaired_difference
from ichdag.evaluation.measures import NO_BOOTSTRAP, collapse
from ichdag.evaluation.proportions import normal_quantile
from ichdag.evaluation.recalibration import recalibrate
from ichdag.evaluation.resampling import percentiles, resample, resampled_auc, widen
from ichdag.names import COMPARATORS, FEATURE_SETS
from ichdag.statistics.adjustment import METHODS, adjust
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import DELONG, SEX

FAMILY = ["outcome", "cohort", "fold"]
SEXES = {"women": "F", "men": "M"}


def compare_patients(
    predictions: pd.DataFrame, *, alpha: float, reference: str, bootstrap: int, seed: int
) -> pd.DataFrame:
    """AUC of each feature set minus the reference's, same classifier and patients; follows schema delong.

    The simple comparators (volume, clinical) stand against the reference of every classifier too. `p_holm` and `p_bh`
    are over the comparisons of one outcome and cohort.
    """
    cells: dict[tuple[str, ...], dict[tuple[str, str], Cell]] = {}
    for cell in _shown(predictions):
        cells.setdefault((cell.outcome, cell.cohort, cell.fold), {})[cell.features, cell.classifier] = cell
    how = {"confidence": 1 - alpha, "bootstrap": bootstrap, "seed": seed}
    rows = [row for family in cells.values() for row in _family(family, reference, **how)]
    table = as_frame(rows, schema=DELONG)
    for column in ("p_holm", "p_bh"):
        table[column] = table.groupby(FAMILY)["p"].transform(adjust, method=METHODS[column])
    return table


def compare_sexes(
    predictions: pd.DataFrame, *, participants: pd.DataFrame, alpha: float, smallest_probability: float
) -> pd.DataFrame:
    """AUC in women minus AUC in men for every model, unpaired DeLong, with a test of interaction; follows schema sex.

    The interaction is that of sex and the logit of the probability in a logistic regression of the outcome on both:
    whether a step in predicted risk means as much in women as in men. Probabilities are cut at
    `smallest_probability`, as in `evaluation.recalibration`.
    """
    known = participants[["subject", "sex"]] if "sex" in participants else pd.DataFrame({"subject": [], "sex": []})
    sex_of = dict(known.dropna().to_numpy())
    rows = (_sex_row(cell, sex_of, 1 - alpha, smallest_probability) for cell in _shown(predictions))
    return as_frame(rows, schema=SEX)


def _shown(predictions: pd.DataFrame) -> Iterator[Cell]:
    """The cells whose patients are tested: all folds pooled, and each external cohort."""
    yield from (cell for cells in models_of(predictions) for cell in cells if cell.fold in (POOLED, EXTERNAL))


def _family(cells: dict[tuple[str, str], Cell], standard: str, **how: Any) -> Iterator[dict[str, Any]]:
    """All comparisons of one outcome and cohort."""
    for (features, classifier), reference in cells.items():
        if features == standard:
            sets = [(name, classifier) for name in FEATURE_SETS if name != features]
            simple = [(name, kind) for name, kind in COMPARATORS.items() if name != "oracle"]
            for model in [*sets, *simple]:
                if model in cells:
                    yield _compare(cells[model], reference, **how)


def _compare(cell: Cell, reference: Cell, *, confidence: float, bootstrap: int, seed: int) -> dict[str, Any]:
    """One row: both AUCs on the patients they share, the difference, DeLong's limits and p, bootstrap limits."""
    _, first, second = np.intersect1d(cell.subjects, reference.subjects, assume_unique=True, return_indices=True)
    happened = cell.happened[first]
    scores = np.stack([cell.probability[first], reference.probability[second]])
    factor = _inflation(cell, reference, first, second)
    found = areas(happened, scores=scores).widened(factor)
    gap = paired_difference(found, first=0, second=1, confidence=confidence)
    row = cell.name | {"features_reference": reference.features, "classifier_reference": reference.classifier}
    row |= {"auc": found.auc[0], "auc_reference": found.auc[1], "difference": gap.value}
    row |= {"low": gap.low, "high": gap.high, "p": gap.p}
    limits = _bootstrap(scores, happened, confidence, count=bootstrap, seed=seed)
    fault = NO_BOOTSTRAP if collapse(limits) else None
    low, high = (math.nan, math.nan) if fault else widen(gap.value, limits, factor=factor, within=(-1, 1))
    row |= {"inflation": factor, "bootstrap_low": low, "bootstrap_high": high}
    note = "; ".join(part for part in (gap.note, fault) if part) or None
    return row | {"n": len(happened), "positives": found.positives, "note": note}


def _inflation(cell: Cell, reference: Cell, first: np.ndarray, second: np.ndarray) -> float:
    """What the variance of the difference is multiplied by; `first` and `second` are the places of whom both share."""
    if not cell.repeats or len(cell.repeats) != len(reference.repeats):
        return cell.inflation
    one, other = (
        np.stack([repeat.probability for repeat in model.repeats])[:, places]
        for model, places in ((cell, first), (reference, second))
    )
    folds = np.stack([repeat.folds for repeat in cell.repeats])[:, first]
    return inflation.of_difference(cell.happened[first], first=one, second=other, folds=folds)


def _bootstrap(
    scores: np.ndarray, happened: np.ndarray, confidence: float, *, count: int, seed: int
) -> tuple[float, float]:
    """Percentile limits of the AUC difference over resamples of the same patients; NaN with one class only."""
    m = int(happened.sum())
    if not 0 < m < len(happened):
        return math.nan, math.nan
    draws = resample(m, len(happened) - m, count=count, seed=seed)
    first, second = (resampled_auc(row[happened], row[~happened], draws=draws) for row in scores)
    return percentiles(first - second, confidence=confidence)


def _sex_row(cell: Cell, sex_of: dict[str, str], confidence: float, smallest: float) -> dict[str, Any]:
    sexes = np.array([sex_of.get(subject, "") for subject in cell.subjects])
    found = {name: _areas_of(cell, sexes == code) for name, code in SEXES.items()}
    row: dict[str, Any] = dict(cell.name)
    for name, part in found.items():
        low, high, _ = auc_interval(part, confidence=confidence)
        row |= {f"n_{name}": part.positives + part.negatives, f"positives_{name}": part.positives}
        row |= {f"auc_{name}": part.auc[0], f"low_{name}": low, f"high_{name}": high}
    gap = unpaired_difference(found["women"], found["men"], confidence=confidence)
    absent = [f"no {name} {kind} the outcome" for name, part in found.items() for kind in _absent(part)]
    row |= {"difference": gap.value, "low": gap.low, "high": gap.high, "p": gap.p}
    interaction, fault = _interaction(cell, [sexes == code for code in SEXES.values()], confidence, smallest)
    notes = ["; ".join(absent) or gap.note, fault if not absent else None]
    return row | interaction | {"note": "; ".join(note for note in notes if note) or None}


def _interaction(
    cell: Cell, groups: list[np.ndarray], confidence: float, smallest: float
) -> tuple[dict[str, float], str | None]:
    """Difference of the groups' recalibration slopes, its limits and p, and why there is none.

    Sex, the logit and their product saturate the two groups, so that the product's coefficient is this difference and
    its variance the sum of both.
    """
    one, other = (
        recalibrate(cell.happened[who], probability=cell.probability[who], smallest=smallest) if who.any() else None
        for who in groups
    )
    notes = {part.note for part in (one, other) if part is not None and part.note}
    if one is None or other is None or notes:
        nothing = dict.fromkeys(("interaction", "interaction_low", "interaction_high", "p_interaction"), math.nan)
        return nothing, f"no interaction test: {'; '.join(sorted(notes))}" if notes else None
    value, error = one.slope - other.slope, math.hypot(one.slope_error, other.slope_error)
    reach = normal_quantile(confidence) * error
    row = {"interaction": value, "interaction_low": value - reach, "interaction_high": value + reach}
    return row | {"p_interaction": float(2 * ndtr(-abs(value) / error))}, None


def _areas_of(cell: Cell, who: np.ndarray) -> Areas:
    return areas(cell.happened[who], scores=cell.probability[who])


def _absent(part: Areas) -> Iterator[str]:
    if not part.positives:
        yield "with"
    if not part.negatives:
        yield "without"
