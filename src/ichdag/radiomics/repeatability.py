"""How well each feature repeats itself when the lesion is perturbed: intraclass correlation over repeats."""

import numpy as np
import pandas as pd
import pingouin

from ichdag.jobs import StudyError

SAME = "the feature is the same in all repeats of each participant"
ROUNDING = 1e-9
FEWEST = 5  # participants for an intraclass correlation


def judge_repeats(repeats: dict[str, list[dict[str, float | None]]], *, smallest_icc: float) -> pd.DataFrame:
    """Schema repeatability: ICC(1,1) of every feature, its 95% interval, and whether it reaches `smallest_icc`.

    `repeats` has the features of each repeat by participant. ASSUME: repeats are drawn anew for each participant, so
    that they are a one-way random effect. A feature that too few participants have, or that does not vary, is not
    stable; one that is the same in all repeats is, with a correlation of 1 without limits. The note says so. Source:
    pingouin.intraclass_corr (Shrout and Fleiss 1979). Raises StudyError if there are too few.
    """
    if len(repeats) < FEWEST:
        raise StudyError(
            f"repeatability needs {FEWEST} participants or more, found {len(repeats)}: raise config "
            "radiomics.repeatability.patients, or set repeats to 0"
        )
    subjects = sorted(repeats)
    names = list(repeats[subjects[0]][0])
    cube = np.array([[[item[name] for name in names] for item in repeats[subject]] for subject in subjects], float)
    rows = [_row(name, cube[:, :, place], smallest_icc) for place, name in enumerate(names)]
    return pd.DataFrame(rows)


def _row(name: str, values: np.ndarray, smallest_icc: float) -> dict[str, object]:
    """One feature: `values` (participants, repeats), NaN where missing."""
    whole = values[np.isfinite(values).all(axis=1)]
    row = {"feature": name, "n": len(whole), "repeats": values.shape[1], "icc": np.nan, "low": np.nan, "high": np.nan}
    note = None
    if len(whole) < FEWEST:
        note = f"no correlation: fewer than {FEWEST} participants have the feature in every repeat"
    elif not np.ptp(whole) > 0:
        note = "no correlation: the feature is the same in everybody"
    else:
        row |= dict(zip(("icc", "low", "high"), _correlation(whole), strict=True))
    if np.isnan(row["low"]) and not note:
        note = f"no limits: {SAME if row['icc'] > 0 else 'participants do not differ in their means'}"
    return row | {"stable": "yes" if row["icc"] >= smallest_icc else "no", "note": note}


def _correlation(values: np.ndarray) -> tuple[float, float, float]:
    """ICC(1,1) of values (participants, repeats) that vary and its limits, which are NaN where they have no width."""
    if not np.ptp(values, axis=1).any():  # nothing to divide by
        return 1.0, np.nan, np.nan
    subject, repeat = np.indices(values.shape)
    frame = pd.DataFrame({"subject": subject.ravel(), "repeat": repeat.ravel(), "value": values.ravel()})
    pingouin.options["round.column.CI95"] = None  # as shipped, limits are cut to two decimals
    with np.errstate(divide="ignore", invalid="ignore"):  # of the kinds of correlation that are not read
        found = pingouin.intraclass_corr(frame, targets="subject", raters="repeat", ratings="value").iloc[0]
    low, high = map(float, next(found[key] for key in ("CI95", "CI95%") if key in found))
    if not high - low > ROUNDING:
        low, high = np.nan, np.nan
    return min(float(found["ICC"]), 1.0), low, high
