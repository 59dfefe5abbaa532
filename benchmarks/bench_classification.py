"""The classification stage at paper size against the loop a user would write around scikit-learn.

`make bench-classification`. 866 development and 645 external participants, 384 features, the settings of
config/config.yaml, one outcome, one feature set, two cores: five folds, the final model and the external predictions.
Ours is a job per classifier with one thread each, as many at once as there are cores, as the scheduler runs them; the
peer goes through the classifiers one by one, forests and boosting on all cores (n_jobs=-1). Processor seconds are
without imports, the clock is with them; difference is the largest difference of a probability. The stage is at most 28
times the row 'all six': seven feature sets (of 14 to 384 columns) by four outcomes; NMF is not part of it.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import yaml
from _measure import ROOT, measured, report, tell

sys.path.insert(0, str(ROOT / "src"))

from ichdag.classification import ClassificationSettings, classifier_settings  # noqa: E402
from ichdag.classification.classifiers import ClassifierConfig, build  # noqa: E402
from ichdag.classification.validation import cross_validate, fit_final, predict  # noqa: E402

LONGEST_FIRST = ("elastic_net", "random_forest", "xgboost", "extra_trees", "svm", "naive_bayes")
DEVELOPMENT, EXTERNAL, COLUMNS, FOLDS = 866, 645, 384, 5
CORES = len(os.sched_getaffinity(0))
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))
SETTINGS = ClassificationSettings(**classifier_settings(CONFIG["classification"], *LONGEST_FIRST))
NAMES = {"outcome": "poor_outcome", "features": "radiomics+segmentation+vaegan"}


def cohort(count: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weights of NMF parts, mostly small and some zero, of which ten carry a signal; and the people."""
    random = np.random.default_rng(seed)
    values = np.maximum(random.gamma(0.6, 0.3, (count, COLUMNS)) - 0.05, 0)
    risk = (values[:, :10].sum(axis=1) - 1.4) * 1.2
    subjects = [f"s{number:04d}" for number in range(count)]
    X = pd.DataFrame(values, subjects, [f"vaegan_{place:03d}" for place in range(COLUMNS)])
    y_true = (random.random(count) < 1 / (1 + np.exp(-risk))).astype(int)
    labels = pd.DataFrame({"y_true": y_true, "person": subjects}, subjects)
    return X, labels.assign(cohort="trial", fold=[str(number % FOLDS) for number in range(count)])


def ours(classifier: str) -> list[float]:
    """Do what the rules fit_classifiers and apply_classifiers do for one feature set, on one thread."""
    (X, labels), (other, others) = cohort(DEVELOPMENT, 0), cohort(EXTERNAL, 1)
    config = ClassifierConfig(classifier, SETTINGS, CONFIG["seed"], 1)
    X_by_fold = dict.fromkeys([*map(str, range(FOLDS)), "final"], X)
    inside, _ = cross_validate(X_by_fold, labels=labels, config=config, **NAMES)
    final = fit_final(X_by_fold, labels=labels, config=config)
    outside = predict(final, X=other, labels=others, classifier=classifier, **NAMES)
    return pd.concat([inside, outside]).set_index("subject").probability.to_list()


def peer(classifier: str) -> list[float]:
    """Return the loop of a user: same classifiers, arrays, forests and boosting on all cores."""
    (X, labels), (other, _) = cohort(DEVELOPMENT, 0), cohort(EXTERNAL, 1)
    X, y, fold = X.to_numpy(), labels.y_true.to_numpy(), labels.fold.to_numpy()
    smaller = int(min(y.sum(), (1 - y).sum()))
    model = build(ClassifierConfig(classifier, SETTINGS, CONFIG["seed"], -1), smaller_class=smaller)
    found = []
    for name in map(str, range(FOLDS)):
        model.fit(X[fold != name], y[fold != name])
        found += model.predict_proba(X[fold == name])[:, 1].tolist()
    return found + model.fit(X, y).predict_proba(other.to_numpy())[:, 1].tolist()


def row(case: str, mine: list[dict], stock: list[dict], clocks: tuple[float, float]) -> dict:
    pairs = zip(mine, stock, strict=True)
    gap = max(np.abs(np.subtract(one["result"], other["result"])).max() for one, other in pairs)
    sizes = {"ours_mib": max(one["mib"] for one in mine), "peer_mib": max(one["mib"] for one in stock)}
    return {"case": case, "ours_s": clocks[0], "peer_s": clocks[1], "difference": float(gap)} | sizes


def rows():
    """Return the clock of all six, and the processor time of each in the same runs."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        mine = list(pool.map(lambda name: measured(__file__, "ours", name), LONGEST_FIRST))
    between = time.perf_counter()
    stock = [measured(__file__, "peer", name) for name in LONGEST_FIRST]
    clocks = (between - began, time.perf_counter() - between)
    for name, one, other in zip(LONGEST_FIRST, mine, stock, strict=True):
        yield row(f"{name}, processor", [one], [other], (one["seconds"], other["seconds"]))
    seconds = tuple(sum(one["seconds"] for one in runs) for runs in (mine, stock))
    yield row("all six, processor", mine, stock, seconds)
    yield row(f"all six, clock, {CORES} cores", mine, stock, clocks)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        report(lambda: {"ours": ours, "peer": peer}[sys.argv[1]](sys.argv[2]))
    else:
        tell("classification", rows())
