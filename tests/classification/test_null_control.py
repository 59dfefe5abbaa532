"""The null control: where outcomes depend on nothing, AUC intervals cover 0.5 as often as they claim.

Labels are drawn for each participant by itself. The phantom's are spread evenly over blocks of people, so that the
number of events hardly varies; intervals must hold where it does.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from ichdag.classification.classifiers import ClassifierConfig
from ichdag.classification.feature_matrices import feature_matrix
from ichdag.classification.validation import cross_validate, fit_final
from ichdag.constants import BLOCKS, CLASSIFIERS, FEATURE_SETS
from ichdag.evaluation import EvaluationSettings
from ichdag.evaluation.averages import measure_repeats
from ichdag.evaluation.delong import auc_interval, estimate_aucs
from ichdag.evaluation.prediction_groups import groups_by_model
from ichdag.stratified_folds import draw_folds

REPEATS, STUDIES, LEVEL = 200, 100, 0.95  # external cohorts, cross-validated studies
PREVALENCES = {"poor_outcome": 0.5, "expansion_3ml": 0.4, "expansion_6ml": 0.33, "expansion_9ml": 0.28}
DEVELOPMENT, EXTERNAL, COHORTS = 40, 60, 50


def blocks(random, count):
    """Feature blocks of noise: three columns each, and two shape features."""
    names = {block: [f"{block}_{place:03d}" for place in range(3)] for block in BLOCKS}
    names["shape"] = ["original_shape_A", "original_shape_B"]
    subjects = pd.Index([f"s{number:03d}" for number in range(count)], name="subject")
    return {block: pd.DataFrame(random.random((count, len(own))), subjects, own) for block, own in names.items()}


def models_of_noise(random, settings):
    """All 168 final models: 4 outcomes x 7 feature sets x 6 classifiers, fitted on noise."""
    tables = blocks(random, DEVELOPMENT)
    found = {}
    for outcome, share in PREVALENCES.items():
        labels = random.permutation(np.arange(DEVELOPMENT) < share * DEVELOPMENT).astype(int)
        label_table = pd.DataFrame({"y_true": labels, "person": range(DEVELOPMENT)}, index=tables["shape"].index)
        for features, classifier in product(FEATURE_SETS, CLASSIFIERS):
            config = ClassifierConfig(classifier, settings, seed=0, threads=1)
            found[outcome, features, classifier] = fit_final(
                {"final": feature_matrix(tables, features=features)}, labels=label_table, config=config
            )
    return found


def external_coverage(random, models):
    """Whether each model's interval holds 0.5, on `COHORTS` external cohorts of noise: (COHORTS, 168)."""
    tables = blocks(random, COHORTS * EXTERNAL)
    X_by_fold = {features: feature_matrix(tables, features=features) for features in FEATURE_SETS}
    held = []
    for outcome, share in PREVALENCES.items():
        scores = np.stack(
            [
                model.predict_proba(X_by_fold[name[1]])[:, 1].reshape(COHORTS, EXTERNAL)
                for name, model in models.items()
                if name[0] == outcome
            ],
            axis=1,
        )
        found = [estimate_aucs(random.random(EXTERNAL) < share, scores=part) for part in scores]
        held.append([[covers(own.select(place)) for place in range(len(own.auc))] for own in found])
    return np.concatenate(held, axis=1)


def covers(found):
    """Whether the interval of an AUC holds one half."""
    low, high, _ = auc_interval(found, confidence=LEVEL)
    return low <= 0.5 <= high


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_168_external_intervals_cover_one_half_as_often_as_they_claim(settings):
    random = np.random.default_rng(20)
    drawn = [external_coverage(random, models_of_noise(random, settings)) for _ in range(REPEATS // COHORTS)]
    held = np.concatenate(drawn)
    assert held.shape == (REPEATS, 168)
    # Each interval by itself: no count of 200 that one with a true 95% would reach but once in a million.
    low, high = binom.ppf([1e-6, 1 - 1e-6], REPEATS, LEVEL)
    assert low <= held.sum(axis=0).min() and held.sum(axis=0).max() <= high
    # All together: those of one repeat share participants, so the repeat is what counts.
    error = held.mean(axis=1).std(ddof=1) / np.sqrt(REPEATS)
    assert abs(held.mean() - LEVEL) < 3.3 * error + 0.005


def cross_validated(random, config, number, repeats=1):
    """The pooled cell of one cross-validation of noise, folds drawn as a study draws them."""
    table = feature_matrix(blocks(random, EXTERNAL), features="segmentation+vaegan")
    labels = pd.DataFrame({"subject": table.index, "outcome": "o", "label": random.random(EXTERNAL) < 0.4})
    labels = labels.astype({"label": "Int64"})
    earlier = pd.DataFrame(columns=["subject", "outcome", "fold"])
    drawn = draw_folds(labels, earlier=earlier, persons={}, count=5, repeats=repeats, seed=number)
    label_table = {"cohort": "trial", "y_true": labels.label.to_numpy(int), "person": table.index}
    label_table = pd.DataFrame(label_table, index=table.index).join(drawn.set_index("subject").fold.astype(str))
    X_by_fold = dict.fromkeys(map(str, range(5 * repeats)), table)
    rows, _ = cross_validate(X_by_fold, labels=label_table, config=config, outcome="o", features="segmentation+vaegan")
    return next(groups_by_model(rows))[-1]


@pytest.mark.parametrize("classifier", ["naive_bayes", "elastic_net"])
def test_the_intervals_of_cross_validation_cover_one_half_as_often_as_they_claim(classifier, settings):
    random = np.random.default_rng(21)
    config = ClassifierConfig(classifier, settings, seed=0, threads=1)
    plain, corrected = 0, 0
    for number in range(STUDIES):
        cell = cross_validated(random, config, number)
        found = estimate_aucs(cell.y_true, scores=cell.probability)
        plain += covers(found)
        corrected += covers(found.inflated(cell.inflation))
    lowest = binom.ppf(1e-4, STUDIES, LEVEL)
    assert corrected >= lowest
    # DeLong's own interval takes the models as given, and is too narrow here: that is what the correction is for.
    assert plain < binom.ppf(0.01, STUDIES, LEVEL)


def test_the_intervals_of_a_repeated_cross_validation_cover_one_half_too(settings):
    random = np.random.default_rng(22)
    config = ClassifierConfig("naive_bayes", settings, seed=0, threads=1)
    judged = EvaluationSettings(LEVEL, 100, 0.001)
    held, values = 0, []
    for number in range(STUDIES):
        cell = cross_validated(random, config, number, repeats=2)
        (auc,) = [one for one in measure_repeats(cell, settings=judged, seed=0) if one.metric == "auc"]
        held += auc.low <= 0.5 <= auc.high
        values.append(auc.value)
    assert held >= binom.ppf(1e-4, STUDIES, LEVEL)
    assert abs(np.mean(values) - 0.5) < 0.03
