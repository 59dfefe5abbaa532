"""Compare models by patients with DeLong's tests: paired for feature sets, unpaired for women and men."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ichdag.constants import COMPARATORS, FEATURE_SETS
from ichdag.evaluation import inflation
from ichdag.evaluation.delong import AucEstimates, auc_interval, estimate_aucs, paired_difference, unpaired_difference
from ichdag.evaluation.metrics import NO_BOOTSTRAP, has_no_width
from ichdag.evaluation.prediction_groups import EXTERNAL, POOLED, PredictionGroup, groups_by_model
from ichdag.evaluation.proportions import normal_quantile
from ichdag.evaluation.recalibration import recalibrate
from ichdag.evaluation.resampling import percentiles, resample, resampled_auc, widen
from ichdag.statistics.adjustment import METHODS, adjust
from ichdag.statistics.frames import as_frame
from ichdag.statistics.schemas import DELONG, SEX

FAMILY = ["outcome", "cohort", "fold"]
SEXES = {"women": "F", "men": "M"}


def compare_patients(
    predictions: pd.DataFrame, *, alpha: float, reference: str, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Compare each feature set with the reference, same classifier and patients; follows schema delong.

    The comparators (volume, clinical) are compared with the reference of every classifier too. `p_holm` and `p_bh`
    are over the comparisons of one outcome and cohort.
    """
    families: dict[tuple[str, ...], dict[tuple[str, str], PredictionGroup]] = {}
    for group in _tested_groups(predictions):
        families.setdefault((group.outcome, group.cohort, group.fold), {})[group.features, group.classifier] = group
    rows = [
        row
        for family in families.values()
        for row in _family(family, reference, confidence=1 - alpha, bootstrap=bootstrap, seed=seed)
    ]
    table = as_frame(rows, schema=DELONG)
    for column in ("p_holm", "p_bh"):
        table[column] = table.groupby(FAMILY)["p"].transform(adjust, method=METHODS[column])
    return table


def compare_sexes(
    predictions: pd.DataFrame, *, participants: pd.DataFrame, alpha: float, min_probability: float
) -> pd.DataFrame:
    """Compare the AUC in women and men for every model, with a test of interaction; follows schema sex.

    The interaction is that of sex and the logit of the probability in a logistic regression of the outcome: it tests
    whether a difference in predicted risk has the same meaning in women and men. Probabilities are clipped at
    `min_probability`, as in `evaluation.recalibration`.
    """
    sexes = participants[["subject", "sex"]] if "sex" in participants else pd.DataFrame({"subject": [], "sex": []})
    sex_of = dict(sexes.dropna().to_numpy())
    rows = (_sex_row(group, sex_of, 1 - alpha, min_probability) for group in _tested_groups(predictions))
    return as_frame(rows, schema=SEX)


def _tested_groups(predictions: pd.DataFrame) -> Iterator[PredictionGroup]:
    """Yield the groups to compare: all folds pooled, and each external cohort."""
    yield from (
        group for groups in groups_by_model(predictions) for group in groups if group.fold in (POOLED, EXTERNAL)
    )


def _family(
    groups: dict[tuple[str, str], PredictionGroup],
    reference_features: str,
    *,
    confidence: float,
    bootstrap: int,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield all comparisons of one outcome and cohort."""
    for (features, classifier), reference in groups.items():
        if features == reference_features:
            feature_sets = [(name, classifier) for name in FEATURE_SETS if name != features]
            comparators = [(name, kind) for name, kind in COMPARATORS.items() if name != "oracle"]
            for model in [*feature_sets, *comparators]:
                if model in groups:
                    yield _compare(groups[model], reference, confidence=confidence, bootstrap=bootstrap, seed=seed)


def _compare(
    group: PredictionGroup, reference: PredictionGroup, *, confidence: float, bootstrap: int, seed: int
) -> dict[str, Any]:
    """Compare two models on shared patients: both AUCs, difference, DeLong's limits and p, bootstrap limits."""
    _, first, second = np.intersect1d(group.subjects, reference.subjects, assume_unique=True, return_indices=True)
    y_true = group.y_true[first]
    scores = np.stack([group.probability[first], reference.probability[second]])
    factor = _inflation(group, reference, first, second)
    estimates = estimate_aucs(y_true, scores=scores).inflated(factor)
    difference = paired_difference(estimates, first=0, second=1, confidence=confidence)
    row: dict[str, Any] = dict(group.name)
    row |= {"features_reference": reference.features, "classifier_reference": reference.classifier}
    row |= {"auc": estimates.auc[0], "auc_reference": estimates.auc[1], "difference": difference.value}
    row |= {"low": difference.low, "high": difference.high, "p": difference.p}
    limits = _bootstrap(scores, y_true, confidence, count=bootstrap, seed=seed)
    bootstrap_note = NO_BOOTSTRAP if has_no_width(limits) else None
    low, high = (
        (math.nan, math.nan) if bootstrap_note else widen(difference.value, limits, factor=factor, within=(-1, 1))
    )
    row |= {"inflation": factor, "bootstrap_low": low, "bootstrap_high": high}
    note = "; ".join(part for part in (difference.note, bootstrap_note) if part) or None
    return row | {"n": len(y_true), "positives": estimates.positives, "note": note}


def _inflation(group: PredictionGroup, reference: PredictionGroup, first: np.ndarray, second: np.ndarray) -> float:
    """Estimate the inflation factor; `first` and `second` are the positions of shared patients in the two groups."""
    if not group.repeats or len(group.repeats) != len(reference.repeats):
        return group.inflation
    first_scores, second_scores = (
        np.stack([repeat.probability for repeat in model.repeats])[:, rows]
        for model, rows in ((group, first), (reference, second))
    )
    folds = np.stack([repeat.folds for repeat in group.repeats if repeat.folds is not None])[:, first]
    return inflation.of_difference(group.y_true[first], first=first_scores, second=second_scores, folds=folds)


def _bootstrap(
    scores: np.ndarray, y_true: np.ndarray, confidence: float, *, count: int, seed: int
) -> tuple[float, float]:
    """Compute percentile limits of the AUC difference over paired resamples; NaN with one class only."""
    m = int(y_true.sum())
    if not 0 < m < len(y_true):
        return math.nan, math.nan
    draws = resample(m, len(y_true) - m, count=count, seed=seed)
    first, second = (resampled_auc(row[y_true], row[~y_true], draws=draws) for row in scores)
    return percentiles(first - second, confidence=confidence)


def _sex_row(group: PredictionGroup, sex_of: dict[str, str], confidence: float, smallest: float) -> dict[str, Any]:
    sexes = np.array([sex_of.get(subject, "") for subject in group.subjects])
    by_sex = {name: _auc_of_rows(group, sexes == code) for name, code in SEXES.items()}
    row: dict[str, Any] = dict(group.name)
    for name, estimate in by_sex.items():
        low, high, _ = auc_interval(estimate, confidence=confidence)
        row |= {f"n_{name}": estimate.positives + estimate.negatives, f"positives_{name}": estimate.positives}
        row |= {f"auc_{name}": estimate.auc[0], f"low_{name}": low, f"high_{name}": high}
    difference = unpaired_difference(by_sex["women"], by_sex["men"], confidence=confidence)
    missing_classes = [
        f"no {name} {kind} the outcome" for name, estimate in by_sex.items() for kind in _missing_classes(estimate)
    ]
    row |= {"difference": difference.value, "low": difference.low, "high": difference.high, "p": difference.p}
    interaction, interaction_note = _interaction(
        group, [sexes == code for code in SEXES.values()], confidence, smallest
    )
    notes = ["; ".join(missing_classes) or difference.note, interaction_note if not missing_classes else None]
    return row | interaction | {"note": "; ".join(note for note in notes if note) or None}


def _interaction(
    group: PredictionGroup, masks: list[np.ndarray], confidence: float, smallest: float
) -> tuple[dict[str, float], str | None]:
    """Test the difference of recalibration slopes of women and men; return its row, and the reason if there is none.

    Sex, the logit and their product saturate the two groups, so that the product's coefficient is this difference and
    its variance the sum of both.
    """
    women, men = (
        recalibrate(group.y_true[mask], probability=group.probability[mask], smallest=smallest) if mask.any() else None
        for mask in masks
    )
    notes = {fit.note for fit in (women, men) if fit is not None and fit.note}
    if women is None or men is None or notes:
        nothing = dict.fromkeys(("interaction", "interaction_low", "interaction_high", "p_interaction"), math.nan)
        return nothing, f"no interaction test: {'; '.join(sorted(notes))}" if notes else None
    difference = women.slope - men.slope
    error = math.hypot(women.slope_error, men.slope_error)
    reach = normal_quantile(confidence) * error
    row = {"interaction": difference, "interaction_low": difference - reach, "interaction_high": difference + reach}
    return row | {"p_interaction": float(2 * ndtr(-abs(difference) / error))}, None


def _auc_of_rows(group: PredictionGroup, mask: np.ndarray) -> AucEstimates:
    return estimate_aucs(group.y_true[mask], scores=group.probability[mask])


def _missing_classes(estimate: AucEstimates) -> Iterator[str]:
    if not estimate.positives:
        yield "with"
    if not estimate.negatives:
        yield "without"
