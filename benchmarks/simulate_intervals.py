"""Coverage of intervals and size of paired tests of cross-validated AUCs, where the truth is known.

`make simulate-intervals`, or `python benchmarks/simulate_intervals.py REPLICATES` (400 as made). Each replicate is a
study of n participants with four feature sets of p normal columns: two of the same AUC; one that shares half of its
columns, the signal among them, with the first; one that is better. Linear discriminants are cross-validated in five
folds, twice.
Three ways: predictions taken as given (plain); one cross-validation with the factor of Nadeau and Bengio (one); two
repeats with the estimated factor (two). `coverage` is of the AUC that such models have on average, `size` how often two
sets that are equally good on average differ with p < .05, `power` how often the better one does, `width` the mean width
of the intervals. The report's methods quote coverage, size, power and the ratio of the widths (one, two).
"""

import sys
from dataclasses import replace

import numpy as np
from _measure import ROOT
from _study import cross_validate, draw_folds, outcomes, shift

sys.path.insert(0, str(ROOT / "src"))

from ichdag.evaluation import inflation  # noqa: E402
from ichdag.evaluation.delong import AucEstimates, auc_interval, estimate_aucs, paired_difference  # noqa: E402

REPLICATES, SEED, CONFIDENCE = 400, 20, 0.95
AUCS, COUNTS, COLUMNS = (0.5, 0.65, 0.8), (200, 866), (5, 20, 50)
BETTER_BY = {200: 0.1, 866: 0.05}
WAYS = ("plain", "one", "two")
PAIRS = {"size_apart": "other", "size_shared": "shared", "power": "better"}


def draw_sets(random: np.random.Generator, auc: float, count: int, columns: int) -> dict[str, tuple[np.ndarray, float]]:
    """Features (n, p) of the four sets, and how far the classes lie apart in the first column of each."""
    y_true, half = outcomes(count), columns // 2
    apart = shift(auc, count=count, columns=columns)
    far = shift(min(auc + BETTER_BY[count], 0.99), count=count, columns=columns)
    sets = {name: random.standard_normal((count, columns)) for name in ("first", "other", "shared", "better")}
    for name, distance in (("first", apart), ("other", apart), ("better", far)):
        sets[name][y_true, 0] += distance
    sets["shared"][:, :half] = sets["first"][:, :half]
    return {name: (values, far if name == "better" else apart) for name, values in sets.items()}


def replicate(random: np.random.Generator, auc: float, count: int, columns: int) -> dict[str, float]:
    """One study: limits of the first set's AUC and p of each pair, by all three ways, and the true AUC of its fits."""
    y_true = outcomes(count)
    folds = np.stack([draw_folds(random, y_true) for _ in range(2)])
    scores, truth = {}, 0.0
    for name, (values, distance) in draw_sets(random, auc, count, columns).items():
        fits = [cross_validate(values, y_true=y_true, folds=row, first_shift=distance) for row in folds]
        scores[name] = np.stack([one.scores for one in fits])
        truth = fits[0].auc if name == "first" else truth
    found = {"truth": truth}
    for way, one in _alone(y_true, scores["first"], folds).items():
        found[f"low_{way}"], found[f"high_{way}"], _ = auc_interval(one, confidence=CONFIDENCE)
    for label, name in PAIRS.items():
        for way, pair in _paired(y_true, scores["first"], scores[name], folds).items():
            found[f"{label}_{way}"] = paired_difference(pair, first=0, second=1, confidence=CONFIDENCE).p
    return found


def _alone(y_true: np.ndarray, scores: np.ndarray, folds: np.ndarray) -> dict[str, AucEstimates]:
    """Return an AUC as the metrics table has it: the mean over repeats, the variance that of the mean scores."""
    values = estimate_aucs(y_true, scores=[*scores, scores.mean(axis=0)])
    factor = inflation.of_repeated_cv(y_true, scores=scores, folds=folds)
    twice = replace(values.select(2).inflated(factor), auc=values.auc[:2].mean(keepdims=True))
    return {"plain": values.select(0), "one": values.select(0).inflated(inflation.of_single_cv(folds[0])), "two": twice}


def _paired(y_true: np.ndarray, one: np.ndarray, other: np.ndarray, folds: np.ndarray) -> dict[str, AucEstimates]:
    """Two AUCs as the table of differences has them."""
    plain = estimate_aucs(y_true, scores=np.stack([one[0], other[0]]))
    mean = estimate_aucs(y_true, scores=np.stack([one.mean(axis=0), other.mean(axis=0)]))
    factor = inflation.of_difference(y_true, first=one, second=other, folds=folds)
    return {"plain": plain, "one": plain.inflated(inflation.of_single_cv(folds[0])), "two": mean.inflated(factor)}


def case(auc: float, count: int, columns: int, replicates: int) -> dict[str, float]:
    """Coverage, size and power of one case; the seed is that of the case, so that cases can be repeated alone."""
    random = np.random.default_rng([SEED, round(100 * auc), count, columns])
    drawn = [replicate(random, auc, count, columns) for _ in range(replicates)]
    table = {name: np.array([one[name] for one in drawn]) for name in drawn[0]}
    truth = table["truth"].mean()
    row = {"auc": truth, "n": count, "p": columns, "replicates": replicates}
    for way in WAYS:
        row[f"coverage_{way}"] = np.mean((table[f"low_{way}"] <= truth) & (truth <= table[f"high_{way}"]))
    row |= {f"{label}_{way}": np.mean(table[f"{label}_{way}"] < 1 - CONFIDENCE) for label in PAIRS for way in WAYS}
    return row | {f"width_{way}": np.mean(table[f"high_{way}"] - table[f"low_{way}"]) for way in WAYS}


def tell(replicates: int) -> None:
    """Print a row a case as it comes, and write benchmarks/results/intervals.tsv."""
    path = ROOT / "benchmarks" / "results" / "intervals.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        for place, (count, auc, columns) in enumerate((n, a, p) for n in COUNTS for a in AUCS for p in COLUMNS):
            row = case(auc, count, columns, replicates)
            lines = [row.values()] if place else [row, row.values()]
            for line in lines:
                cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in line]
                print("\t".join(cells), file=stream, flush=True)
                print(" ".join(cell.rjust(12) for cell in cells), flush=True)


if __name__ == "__main__":
    tell(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES)
