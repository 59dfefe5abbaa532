"""The best of 42 models: its cross-validated AUC raw and corrected for the choice, where the truth is known.

`make simulate-best`, or `python benchmarks/simulate_best.py REPLICATES` (100 as made). Each replicate is a study of n
participants with seven feature sets of ten normal columns that are equally good, each with linear discriminants at six
strengths of ridge. `raw`, `corrected` and `truth` are means over replicates; `held` is how often the limits hold the
AUC that the chosen model truly has, by the metrics table (raw) and by the corrected one.
"""

import sys

import numpy as np
import pandas as pd
from _measure import ROOT
from _study import cross_validate, draw_folds, outcomes, shift

sys.path.insert(0, str(ROOT / "src"))

from ichdag.constants import CLASSIFIERS, FEATURE_SETS  # noqa: E402
from ichdag.evaluation import correct_best  # noqa: E402
from ichdag.evaluation.delong import auc_interval, estimate_aucs  # noqa: E402
from ichdag.evaluation.prediction_groups import POOLED, groups_by_model  # noqa: E402

REPLICATES, SEED, COLUMNS = 100, 20, 10
CASES = ((0.5, 200), (0.5, 866), (0.65, 200), (0.8, 200))
RIDGES = dict(zip(CLASSIFIERS, (1e-6, 0.3, 1, 3, 10, 100), strict=True))
SETTINGS = {"confidence": 0.95, "bootstrap": 200}


def draw(random: np.random.Generator, auc: float, count: int) -> tuple[pd.DataFrame, dict[tuple[str, str], float]]:
    """Return the predictions of 42 models, and the AUC that each truly has."""
    y_true, truth, tables = outcomes(count), {}, []
    folds, apart = draw_folds(random, y_true), shift(auc, count=count, columns=COLUMNS)
    rows = {"subject": [f"S{place:04d}" for place in range(count)], "cohort": "trial", "fold": folds.astype(str)}
    rows |= {"outcome": "outcome", "y_true": y_true.astype(int)}
    for features in FEATURE_SETS:
        values = random.standard_normal((count, COLUMNS))
        values[y_true, 0] += apart
        for classifier, ridge in RIDGES.items():
            fit = cross_validate(values, y_true=y_true, folds=folds, first_shift=apart, ridge=ridge)
            truth[features, classifier] = fit.auc
            probability = 1 / (1 + np.exp(-fit.scores))
            tables.append(
                pd.DataFrame(rows | {"features": features, "classifier": classifier, "probability": probability})
            )
    return pd.concat(tables, ignore_index=True), truth


def replicate(random: np.random.Generator, auc: float, count: int) -> dict[str, float]:
    """One study: raw, corrected and true AUC of its best model, and whether limits hold the truth."""
    predictions, truths = draw(random, auc, count)
    best = correct_best(predictions, **SETTINGS, seed=SEED).iloc[0]
    groups = [cell for one in groups_by_model(predictions) for cell in one if cell.fold == POOLED]
    chosen = next(cell for cell in groups if (cell.features, cell.classifier) == (best.features, best.classifier))
    found = estimate_aucs(chosen.y_true, scores=chosen.probability).inflated(chosen.inflation)
    low, high, _ = auc_interval(found, confidence=SETTINGS["confidence"])
    truth = truths[best.features, best.classifier]
    row = {"raw": best.auc, "corrected": best.corrected, "truth": truth, "held_raw": float(low <= truth <= high)}
    return row | {"held_corrected": float(best.corrected_low <= truth <= best.corrected_high)}


def tell(replicates: int) -> None:
    """Print a row a case as it comes, and write benchmarks/results/best.tsv."""
    rows = []
    for auc, count in CASES:
        random = np.random.default_rng([SEED, round(100 * auc), count])
        means = pd.DataFrame([replicate(random, auc, count) for _ in range(replicates)]).mean().round(3)
        rows.append(
            {"auc": auc, "n": count, "models": len(RIDGES) * len(FEATURE_SETS), "replicates": replicates, **means}
        )
        print(rows[-1], flush=True)
    path = ROOT / "benchmarks" / "results" / "best.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(path, sep="\t", index=False)


if __name__ == "__main__":
    tell(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES)
