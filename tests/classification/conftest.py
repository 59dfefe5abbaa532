"""A small cohort with reduced features that the classification tests share."""

import numpy as np
import pandas as pd
import pytest

from ichdag.classification import ClassificationSettings
from ichdag.constants import BLOCKS

SETTINGS = ClassificationSettings(
    tuning="none",
    tuning_folds=3,
    calibration_folds=3,
    threshold_folds=2,
    class_weights="none",
    classifiers={
        "random_forest": {"n_estimators": 10},
        "xgboost": {"n_estimators": 10, "eval_metric": "logloss"},
        "naive_bayes": {},
        "extra_trees": {"n_estimators": 10},
        "elastic_net": {"l1_ratio": 0.5, "solver": "saga", "max_iter": 500},
        "svm": {"kernel": "rbf"},
        "logistic": {"C": 1.0, "max_iter": 500},
    },
    grid={"elastic_net": {"C": [0.01, 1.0]}, "svm": {"C": [0.1, 10.0]}},
)


@pytest.fixture
def settings():
    return SETTINGS


@pytest.fixture
def cohort():
    """Forty included participants; half have the outcome, those have larger bleeds."""
    random = np.random.default_rng(0)
    label = np.tile([0, 1], 20)
    table = {
        "subject": [f"s{number:02d}" for number in range(40)],
        "cohort": "trial",
        "status": "included",
        "age": random.integers(40, 89, 40).astype(float),
        "sex": np.tile(["F", "M", "M", "F"], 10),
        "baseline_volume_ml": np.exp(random.normal(2 + label, 0.5)),
        "poor_outcome": pd.array(label, dtype="Int64"),
        "oracle_poor_outcome": 0.2 + 0.6 * label,
    }
    return pd.DataFrame(table)


@pytest.fixture
def folds(cohort):
    return pd.DataFrame({"subject": cohort.subject, "outcome": "poor_outcome", "fold": np.arange(40) // 2 % 5})


@pytest.fixture
def tables(cohort):
    """Blocks of three columns and two shape features by subject; the radiomics tell the outcome."""
    random = np.random.default_rng(1)
    label = cohort.poor_outcome.to_numpy(dtype=float)
    result = {}
    for block in (*BLOCKS, "shape"):
        names = [f"original_shape_{name}" for name in "AB"]
        if block != "shape":
            names = [f"{block}_00{place}" for place in range(3)]
        values = random.uniform(0, 1, (40, len(names)))
        values[:, 0] += 3 * label * (block == "radiomics")
        result[block] = pd.DataFrame(values, index=cohort.subject, columns=names)
    return result
