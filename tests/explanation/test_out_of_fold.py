"""Out-of-fold SHAP values: each participant by the own fold's model, against participants that it was fitted on."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ichdag.explanation import ExplanationSettings
from ichdag.explanation import out_of_fold as module
from ichdag.explanation.out_of_fold import shap_values_of_folds

NAMES = {"classifier": "elastic_net", "seed": 3}
FOLDS = pd.Series([str(number % 3) for number in range(30)], index=[f"s{number:02d}" for number in range(30)])


def settings(patients):
    return ExplanationSettings("radiomics", patients, 8, 50, 20, 0.95, 3)


@pytest.fixture
def X_by_fold():
    """Every fold has a reduction of its own: the same participants, other numbers."""
    random = np.random.default_rng(0)
    return {fold: pd.DataFrame(random.normal(size=(30, 2)), FOLDS.index, ["radiomics_0", "vaegan_0"]) for fold in "012"}


@pytest.fixture
def models(X_by_fold):
    labels = np.arange(30) // 3 % 2
    pipelines = {}
    for fold, table in X_by_fold.items():
        training = (fold != FOLDS).to_numpy()
        pipeline = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression())])
        pipelines[fold] = pipeline.fit(table[training], labels[training])
    return pipelines


def test_each_participant_is_explained_by_the_model_and_reduction_of_the_own_fold(X_by_fold, models, monkeypatch):
    calls = []

    def spy(pipeline, *, X, background, **_):
        calls.append((pipeline, X, background))
        return SimpleNamespace(values=X.to_numpy())

    monkeypatch.setattr(module, "shap_values", spy)
    values = shap_values_of_folds(models, X_by_fold=X_by_fold, folds=FOLDS, settings=settings(30), **NAMES)
    assert [pipeline for pipeline, _, _ in calls] == [models[fold] for fold in "012"]
    for fold, (_, X, background) in zip("012", calls, strict=True):
        assert set(FOLDS[X.index]) == {fold} and fold not in set(FOLDS[background.index])
        assert X.equals(X_by_fold[fold].loc[X.index]) and len(background) == 8
    assert values.shape == (30, 2)


def test_the_values_add_up_to_the_log_odds_of_the_out_of_fold_prediction(X_by_fold, models):
    values = shap_values_of_folds(models, X_by_fold=X_by_fold, folds=FOLDS, settings=settings(30), **NAMES)
    order = [subject for fold in "012" for subject in FOLDS.index[fold == FOLDS]]
    odds = np.array(
        [models[FOLDS[subject]].decision_function(X_by_fold[FOLDS[subject]].loc[[subject]])[0] for subject in order]
    )
    rest = odds - values.sum(axis=1)
    for fold in "012":
        assert np.ptp(rest[[FOLDS[subject] == fold for subject in order]]) < 1e-9


def test_at_most_so_many_participants_are_explained_and_a_fold_may_have_none(X_by_fold, models):
    for patients in (1, 7):
        values = shap_values_of_folds(models, X_by_fold=X_by_fold, folds=FOLDS, settings=settings(patients), **NAMES)
        assert values.shape == (patients, 2)
