"""Predictions of a small study with known strength, drawn once for each test."""

import numpy as np
import pandas as pd
import pytest

from ichdag.evaluation import EvaluationSettings


@pytest.fixture
def settings():
    return EvaluationSettings(confidence=0.95, bootstrap=400, min_probability=0.001)


@pytest.fixture
def predictions():
    """One outcome, two models, 100 development participants in 5 folds, 60 external; probabilities with ties."""
    random = np.random.default_rng(3)
    tables = []
    for cohort, count, fold in (("ATACH", 100, None), ("YALE", 60, "external")):
        risk = random.normal(size=count)
        y_true = (random.random(count) < 1 / (1 + np.exp(-1.5 * risk))).astype(int)
        folds = [fold] * count if fold else [str(number % 5) for number in range(count)]
        for features in ("radiomics", "shape"):
            probability = 1 / (1 + np.exp(-risk - random.normal(size=count)))
            rows = {"cohort": cohort, "subject": [f"{cohort}{number:03d}" for number in range(count)]}
            rows |= {"outcome": "poor_outcome", "features": features, "classifier": "svm", "fold": folds}
            tables.append(pd.DataFrame(rows | {"y_true": y_true, "probability": probability.round(2)}))
    return pd.concat(tables, ignore_index=True)
