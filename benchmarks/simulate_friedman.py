"""How often Friedman's test finds a difference where no feature set is better, and how often the test by patient.

`make simulate-friedman`, or `python benchmarks/simulate_friedman.py STUDIES` for seeds 0 to STUDIES - 1 of each case;
400 if nothing is said, some minutes. A study is 100 development participants in five folds and 60 external ones, seven
feature sets and six quick classifiers as different as the workflow's: two ridge regressions, naive Bayes, two kernel
regressions, 30 stumps. 'noise': four blocks of 8 columns that do not tell the outcome, which 40 % have, joined to
feature sets as in the workflow. 'signal': each feature set has a column of its own that tells it equally well, and four
of noise. Prints and writes benchmarks/results/friedman.tsv: in what share of studies p is below .05 (and at most .002)
by Friedman's chi-square, what share the study's own draws say (size), and in what share p_patients is below .05, with
Wilson's limits.
"""

import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from _measure import ROOT
from scipy.special import expit
from scipy.stats import chi2
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(ROOT / "src"))

from ichdag.constants import BLOCKS, FEATURE_SETS  # noqa: E402
from ichdag.evaluation import inflation  # noqa: E402
from ichdag.evaluation.delong import estimate_aucs  # noqa: E402
from ichdag.evaluation.prediction_groups import EXTERNAL  # noqa: E402
from ichdag.evaluation.proportions import wilson  # noqa: E402
from ichdag.statistics.dependence import NullDistribution, friedman_statistics, influence  # noqa: E402

INSIDE, OUTSIDE, FOLDS, DRAWS, FOR_SIZE, LEVEL = 100, 60, 5, 400, 100, 0.05
Study = tuple[list[np.ndarray], np.ndarray]


def noise(random: np.random.Generator) -> Study:
    """Designs of the feature sets from blocks of noise, and labels."""
    count = INSIDE + OUTSIDE
    blocks = {block: random.gamma(1, size=(count, 8)) for block in (*BLOCKS, "shape")}
    sets = [np.hstack([blocks[block] for block in parts]) for parts in FEATURE_SETS.values()]
    return sets, (random.random(count) < 0.4).astype(int)


def signal(random: np.random.Generator) -> Study:
    """Designs of the feature sets, each with one column that tells as much as that of another, and labels."""
    risk = random.standard_normal(INSIDE + OUTSIDE)
    sets = [random.standard_normal((len(risk), 5)) for _ in FEATURE_SETS]
    for values in sets:
        values[:, 0] += risk
    return sets, (random.random(len(risk)) < expit(2 * risk - 0.5)).astype(int)


def ridge(penalty: float) -> Callable:
    def scores(X, y, new, random):
        mean, spread = X.mean(0), X.std(0) + 1e-9
        A = (X - mean) / spread
        return (new - mean) / spread @ np.linalg.solve(A.T @ A + penalty * np.eye(A.shape[1]), A.T @ (y - y.mean()))

    return scores


def naive_bayes(X, y, new, random):
    total = 0
    for label, sign in ((1, 1), (0, -1)):
        mean, variance = X[y == label].mean(0), X[y == label].var(0) + 1e-3
        total = total + sign * (-0.5 * np.log(variance) - 0.5 * (new - mean) ** 2 / variance).sum(1)
    return total


def kernel(width: float) -> Callable:
    def scores(X, y, new, random):
        spread = X.std(0) + 1e-9
        distance = ((new[:, None] / spread - X[None] / spread) ** 2).sum(2) / X.shape[1]
        weights = np.exp(-distance / width)
        return weights @ (y - y.mean()) / (weights.sum(1) + 1e-12)

    return scores


def stumps(X, y, new, random):
    total = 0
    for _ in range(30):
        column, drawn = random.integers(X.shape[1]), random.integers(len(X), size=len(X))
        cut, own = random.choice(X[:, column]), y[drawn]
        below = X[drawn, column] < cut
        low, high = (own[part].mean() if part.any() else own.mean() for part in (below, ~below))
        total = total + np.where(new[:, column] < cut, low, high)
    return total


CLASSIFIERS = [ridge(1.0), ridge(50.0), naive_bayes, kernel(0.5), kernel(0.1), stumps]


def judged(case: Callable, seed: int) -> list[dict]:
    """One row for cross-validation and one for the external cohort of a study."""
    random = np.random.default_rng(seed)
    sets, labels = case(random)
    everybody = np.arange(len(labels))
    inside, outside = everybody[:INSIDE], everybody[INSIDE:]
    folds, scores = np.full(len(labels), EXTERNAL, dtype=object), np.zeros((len(labels), 42))
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=seed * 7).split(inside, labels[inside])
    values = 0
    for fold, (training, held) in enumerate([*split, (inside, outside)]):
        fitted = [scores_of(sets, labels, training, held, random)]
        scores[held], auc = fitted[0].T, estimate_aucs(labels[held], scores=fitted[0]).auc.reshape(6, 7)
        if fold < FOLDS:
            folds[held], values = str(fold), values + auc / FOLDS
    found = []
    for fold, who, aucs in (("mean", inside, values), (EXTERNAL, outside, auc)):
        moved = influence(labels[who] == 1, scores[who], folds=folds[who])
        factor = inflation.of_single_cv(folds[who]) if fold == "mean" else 1.0
        drawn = (random.standard_normal((DRAWS, len(who))) @ moved * factor**0.5).reshape(DRAWS, 6, 7)
        null = NullDistribution(drawn, list(FEATURE_SETS))
        p = chi2.sf(friedman_statistics(aucs[None])[0], 6)
        size = NullDistribution(drawn[:FOR_SIZE], null.features).friedman_size(LEVEL)
        found.append({"case": case.__name__, "fold": fold, "p": p, "size": size, "p_patients": null.p_all_equal(aucs)})
    return found


def scores_of(sets, labels, training, held, random) -> np.ndarray:
    """Scores (42, n) of the held participants by six classifiers on seven feature sets."""
    return np.stack([one(X[training], labels[training], X[held], random) for one in CLASSIFIERS for X in sets])


def summary(rows: list[dict]) -> pd.DataFrame:
    """Shares over studies, for each case and setting."""
    found = []
    for (case, fold), part in pd.DataFrame(rows).groupby(["case", "fold"], sort=False):
        held = int((part.p_patients < LEVEL).sum())
        low, high = wilson(np.array(held), np.array(len(part)), confidence=0.95)
        row = {"case": case, "fold": fold, "studies": len(part), "friedman": (part.p < LEVEL).mean()}
        row |= {"friedman_p_002": (part.p <= 0.002).mean(), "size": part["size"].mean()}
        found.append(row | {"by_patient": held / len(part), "low": float(low), "high": float(high)})
    return pd.DataFrame(found).round(3)


def main(studies: int = 400) -> None:
    path = ROOT / "benchmarks" / "results" / "friedman.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(studies):
        rows += [row for case in (noise, signal) for row in judged(case, seed)]
        if (seed + 1) % 50 == 0 or seed + 1 == studies:
            summary(rows).to_csv(path, sep="\t", index=False)
            print(summary(rows).to_string(index=False), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
