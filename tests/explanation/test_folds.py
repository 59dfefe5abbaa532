"""Out-of-fold SHAP values: each participant by the own fold's model, against participants that it was fitted on."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ichdag.explanation import Settings
from ichdag.explanation import folds as module
from ichdag.explanation.folds import attribute_folds

NAMES = {"classifier": "elastic_net", "seed": 3}
FOLDS = pd.Series([str(number % 3) for number in range(30)], index=[f"s{number:02d}" for number in range(30)])


def settings(patients):
    return Settings("radiomics", patients, 8, 50, 20, 0.95, 3)


@pytest.fixture
def designs():
    """Every fold has a reduction of its own: the same participants, other numbers."""
    random = np.random.default_rng(0)
    return {fold: pd.DataFrame(random.normal(size=(30, 2)), FOLDS.index, ["radiomics_0", "vaegan_0"]) for fold in "012"}


@pytest.fixture
def models(designs):
    labels = np.arange(30) // 3 % 2
    found = {}
    for fold, table in designs.items():
        training = (fold != FOLDS).to_numpy()
        pipeline = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression())])
        found[fold] = pipeline.fit(table[training], labels[training])
    return found


def test_each_participant_is_explained_by_the_model_and_reduction_of_the_own_fold(designs, models, monkeypatch):
    seen = []

    def watched(pipeline, *, rows, background, **_):
        seen.append((pipeline, rows, background))
        return SimpleNamespace(values=rows.to_numpy())

    monkeypatch.setattr(module, "attribute", watched)
    values = attribute_folds(models, designs=designs, folds=FOLDS, settings=settings(30), **NAMES)
    assert [pipeline for pipeline, _, _ in seen] == [models[fold] for fold in "012"]
    for fold, (_, rows, background) in zip("012", seen, strict=True):
        assert set(FOLDS[rows.index]) == {fold} and fold not in set(FOLDS[background.index])
        assert rows.equals(designs[fold].loc[rows.index]) and len(background) == 8
    assert values.shape == (30, 2)


def test_the_values_add_up_to_the_log_odds_of_the_out_of_fold_prediction(designs, models):
    values = attribute_folds(models, designs=designs, folds=FOLDS, settings=settings(30), **NAMES)
    order = [subject for fold in "012" for subject in FOLDS.index[fold == FOLDS]]
    odds = np.array([models[FOLDS[one]].decision_function(designs[FOLDS[one]].loc[[one]])[0] for one in order])
    rest = odds - values.sum(axis=1)
    for fold in "012":
        assert np.ptp(rest[[FOLDS[one] == fold for one in order]]) < 1e-9


def test_at_most_so_many_participants_are_explained_and_a_fold_may_have_none(designs, models):
    for patients in (1, 7):
        found = attribute_folds(models, designs=designs, folds=FOLDS, settings=settings(patients), **NAMES)
        assert found.shape == (patients, 2)
