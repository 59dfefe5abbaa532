"""How well each feature repeats itself when the lesion is perturbed: intraclass correlation over repeats."""

import numpy as np
import pandas as pd
import pingouin

from ichdag.jobs import StudyError

FEWEST = 5  # participants for an intraclass correlation


def judge_repeats(repeats: dict[str, list[dict[str, float | None]]], *, smallest_icc: float) -> pd.DataFrame:
    """Schema repeatability: ICC(1,1) of every feature, its 95% interval, and whether it reaches `smallest_icc`.

    `repeats` has the features of each repeat by participant. ASSUME: repeats are drawn anew for each participant, so
    that they are a one-way random effect. A feature that too few participants have, or that does not vary, is not
    stable. Source: pingouin.intraclass_corr (Shrout and Fleiss 1979). Raises StudyError if there are too few.
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
    if len(whole) >= FEWEST and np.ptp(whole) > 0:
        subject, repeat = np.indices(whole.shape)
        frame = pd.DataFrame({"subject": subject.ravel(), "repeat": repeat.ravel(), "value": whole.ravel()})
        pingouin.options["round.column.CI95"] = None  # as shipped, limits are cut to two decimals
        found = pingouin.intraclass_corr(frame, targets="subject", raters="repeat", ratings="value").iloc[0]
        interval = next(found[key] for key in ("CI95", "CI95%") if key in found)
        row |= {"icc": float(found["ICC"]), "low": float(interval[0]), "high": float(interval[1])}
    return row | {"stable": "yes" if row["icc"] >= smallest_icc else "no"}
