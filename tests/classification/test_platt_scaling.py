"""Platt's curve of the SVM: it rises always, as the likeliest that does, and the card says where it is flat."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC

from ichdag.classification.classifiers import ClassifierConfig, balanced_weights, classifier_card, fit
from ichdag.classification.fold_thresholds import inner_probabilities
from ichdag.classification.platt_scaling import MIN_SLOPE

SEEDS = range(8)


def noise(seed):
    """Forty people whose columns tell nothing, 16 of them with the outcome."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.normal(size=(40, 8)), columns=list("abcdefgh"))
    labels = pd.Series(random.permutation(np.repeat([1, 0], [16, 24])))
    return X, labels, pd.Series(X.index)


def fitted(seed, settings):
    X, labels, persons = noise(seed)
    config = ClassifierConfig("svm", settings, seed=0, threads=1)
    return config, fit(config, X=X, y=labels, persons=persons)


def platt_curve(model):
    return model["classify"].calibrated_classifiers_[0].calibrators[0]


def likeliest(scores, labels, weights):
    """Slope and intercept that maximize Platt's likelihood (1999) with a slope of LEAST_SLOPE or more."""
    with_it, without = weights[labels == 1].sum(), weights[labels == 0].sum()
    target = np.where(labels == 1, (with_it + 1) / (with_it + 2), 1 / (without + 2))

    def loss(at):
        linear = at[0] * scores + at[1]
        return (weights * (np.logaddexp(0, linear) - target * linear)).sum()

    return minimize(loss, [1.0, 0.0], bounds=[(MIN_SLOPE, None), (None, None)], tol=1e-12).x


@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_a_larger_decision_value_is_a_larger_probability_and_the_curve_the_likeliest_that_rises(settings, weights):
    fresh = pd.DataFrame(np.random.default_rng(99).normal(size=(300, 8)), columns=list("abcdefgh"))
    flat = reversed_before = 0
    for seed in SEEDS:
        X, labels, _ = noise(seed)
        config, model = fitted(seed, replace(settings, class_weights=weights))
        step = model["classify"].calibrated_classifiers_[0].estimator
        values = step.decision_function(model[:-1].transform(fresh))
        assert np.array_equal(np.argsort(model.predict_proba(fresh)[:, 1]), np.argsort(values))
        stock = CalibratedClassifierCV(SVC(kernel="rbf"), method="sigmoid", cv=model["classify"].cv, ensemble=False)
        stock.fit(model[:-1].transform(X), labels, **balanced_weights(config, labels))
        before = stock.calibrated_classifiers_[0].calibrators[0]
        reversed_before += before.a_ > 0
        told = classifier_card(config, models={"x": model}, labels=X, folds={}, outcome="o").scores["x"]
        assert told["flat_probabilities"] == (before.a_ > -MIN_SLOPE)
        flat += told["flat_probabilities"]
        if not told["flat_probabilities"]:
            assert (platt_curve(model).a_, platt_curve(model).b_) == (before.a_, before.b_)
            continue
        rows = model[:-1].transform(X)
        everybody = balanced_weights(config, labels).get("sample_weight", np.ones(40))
        scores = np.empty(40)
        for training, held in model["classify"].cv.split(rows, labels):
            machine = SVC(kernel="rbf").fit(rows[training], labels[training], sample_weight=everybody[training])
            scores[held] = machine.decision_function(rows[held])
        slope, intercept = likeliest(scores, labels.to_numpy(), everybody)
        assert slope == pytest.approx(MIN_SLOPE, abs=1e-6)
        assert (-platt_curve(model).a_, -platt_curve(model).b_) == pytest.approx((slope, intercept), abs=2e-3)
        assert np.ptp(model.predict_proba(fresh)[:, 1]) < 1e-3
    assert flat >= reversed_before >= 2  # without a signal inner folds often speak against the decision values


def test_the_auc_of_a_flat_svm_is_that_of_its_decision_values(settings):
    seed = next(seed for seed in SEEDS if platt_curve(fitted(seed, settings)[1]).a_ == -MIN_SLOPE)
    X, labels, _ = noise(seed)
    _, model = fitted(seed, settings)
    values = model["classify"].calibrated_classifiers_[0].estimator.decision_function(model[:-1].transform(X))
    assert roc_auc_score(labels, model.predict_proba(X)[:, 1]) == roc_auc_score(labels, values) > 0.5


def test_inner_probabilities_of_the_svm_are_those_its_curve_was_fitted_on(settings):
    X, labels, persons = noise(3)
    X = X.assign(a=X.a + 2 * labels)
    config = ClassifierConfig("svm", settings, seed=0, threads=1)
    model = fit(config, X=X, y=labels, persons=persons)
    result = inner_probabilities(model, config=config, X=X, y=labels, persons=persons)
    # A maximum of the likelihood has as much risk in all as Platt's targets say.
    assert result.sum() == pytest.approx(16 * 17 / 18 + 24 / 26, abs=0.02)
    assert 0.7 < roc_auc_score(labels, result) < roc_auc_score(labels, model.predict_proba(X)[:, 1])
