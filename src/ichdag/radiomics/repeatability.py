"""Estimate the repeatability of each feature under perturbation of the lesion: intraclass correlation (ICC)."""

import numpy as np
import pandas as pd
import pingouin

from ichdag.jobs import StudyError

SAME = "the feature is the same in all repeats of each participant"
ROUNDING = 1e-9
MIN_PARTICIPANTS = 5  # for an intraclass correlation


def estimate_repeatability(repeats: dict[str, list[dict[str, float | None]]], *, min_icc: float) -> pd.DataFrame:
    """Estimate ICC(1,1) of every feature, its 95% interval, and whether it reaches `min_icc` (schema repeatability).

    `repeats` has a list of repeats (features by name) for each participant. ASSUME: perturbations are drawn anew for
    each participant, so that repeats are a one-way random effect. A feature is not stable if too few participants have
    it or if it does not vary. A feature that is the same in all repeats of each participant is stable: its ICC is 1,
    without an interval. The column `note` says so. Raises StudyError if there are too few participants.
    Source: pingouin.intraclass_corr (Shrout and Fleiss 1979).
    """
    if len(repeats) < MIN_PARTICIPANTS:
        raise StudyError(
            f"repeatability needs {MIN_PARTICIPANTS} participants or more, found {len(repeats)}: raise config "
            "radiomics.repeatability.patients, or set repeats to 0"
        )
    subjects = sorted(repeats)
    names = list(repeats[subjects[0]][0])
    values = np.array([[[item[name] for name in names] for item in repeats[subject]] for subject in subjects], float)
    rows = [_feature_row(name, values[:, :, index], min_icc) for index, name in enumerate(names)]
    return pd.DataFrame(rows)


def _feature_row(name: str, values: np.ndarray, min_icc: float) -> dict[str, object]:
    """Return the row of one feature: `values` are (participants, repeats), NaN where missing."""
    complete = values[np.isfinite(values).all(axis=1)]
    row = {
        "feature": name,
        "n": len(complete),
        "repeats": values.shape[1],
        "icc": np.nan,
        "low": np.nan,
        "high": np.nan,
    }
    note = None
    if len(complete) < MIN_PARTICIPANTS:
        note = f"no correlation: fewer than {MIN_PARTICIPANTS} participants have the feature in every repeat"
    elif not np.ptp(complete) > 0:
        note = "no correlation: the feature is the same in everybody"
    else:
        row |= dict(zip(("icc", "low", "high"), _intraclass_correlation(complete), strict=True))
    if np.isnan(row["low"]) and not note:
        note = f"no limits: {SAME if row['icc'] > 0 else 'participants do not differ in their means'}"
    return row | {"stable": "yes" if row["icc"] >= min_icc else "no", "note": note}


def _intraclass_correlation(values: np.ndarray) -> tuple[float, float, float]:
    """Return ICC(1,1) of values (participants, repeats) that vary, and its limits: NaN where the interval is empty."""
    if not np.ptp(values, axis=1).any():  # nothing to divide by
        return 1.0, np.nan, np.nan
    subject, repeat = np.indices(values.shape)
    frame = pd.DataFrame({"subject": subject.ravel(), "repeat": repeat.ravel(), "value": values.ravel()})
    pingouin.options["round.column.CI95"] = None  # the default rounds the limits to two decimals
    with np.errstate(divide="ignore", invalid="ignore"):  # from other types of ICC, which are not used
        icc = pingouin.intraclass_corr(frame, targets="subject", raters="repeat", ratings="value").iloc[0]
    low, high = map(float, next(icc[key] for key in ("CI95", "CI95%") if key in icc))
    if not high - low > ROUNDING:
        low, high = np.nan, np.nan
    return min(float(icc["ICC"]), 1.0), low, high
