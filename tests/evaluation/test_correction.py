"""The best model's AUC, corrected for its having been chosen: by brute force, and where nothing can be predicted."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.evaluation import best_models, correct_best, measure_performance
from ichdag.evaluation.resampling import resample
from ichdag.evaluation.schemas import BEST
from ichdag.jobs import StudyError
from ichdag.tables import read_table, write_table

SETTINGS = {"confidence": 0.95, "bootstrap": 40}
MODELS = [(features, classifier) for features in list(FEATURE_SETS)[:2] for classifier in CLASSIFIERS]
FOLDS = np.arange(80) // 2 % 5
HAPPENED = np.arange(80) % 2 == 0


def table_of(scores, y_true=HAPPENED, folds=FOLDS, models=MODELS):
    """Predictions of one outcome: `scores` (models, n) are made probabilities."""
    rows = {
        "subject": [f"S{place:03d}" for place in range(len(y_true))],
        "cohort": "trial",
        "fold": folds.astype(str),
    }
    rows |= {"outcome": "poor_outcome", "y_true": y_true.astype(int)}
    tables = [
        pd.DataFrame(rows | {"features": features, "classifier": classifier, "probability": 1 / (1 + np.exp(-row))})
        for (features, classifier), row in zip(models, scores, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def by_brute_force(scores, y_true, seed):
    """Tsamardinos et al. 2018, algorithm 3, one resample at a time, AUCs by scikit-learn."""
    yes, no = np.flatnonzero(y_true), np.flatnonzero(~y_true)
    draws = resample(len(yes), len(no), count=SETTINGS["bootstrap"], seed=seed)
    result = []
    for of_yes, of_no in zip(draws.positives.T.astype(int), draws.negatives.T.astype(int), strict=True):
        drawn = np.concatenate([np.repeat(yes, of_yes), np.repeat(no, of_no)])
        left = np.setdiff1d(np.arange(len(y_true)), drawn)
        chosen = max(range(len(scores)), key=lambda place: roc_auc_score(y_true[drawn], scores[place][drawn]))
        result.append(roc_auc_score(y_true[left], scores[chosen][left]))
    return np.mean(result), *np.quantile(result, [0.025, 0.975])


def test_the_corrected_auc_is_that_of_choosing_anew_in_each_resample_and_judging_on_the_others():
    random = np.random.default_rng(1)
    scores = HAPPENED * random.random((12, 1)) + random.normal(size=(12, 80)).round(1)
    row = correct_best(table_of(scores), **SETTINGS, seed=3).iloc[0]
    result = (row.corrected, row.corrected_low, row.corrected_high)
    assert result == pytest.approx(by_brute_force(scores, HAPPENED, 3), abs=1e-6)
    assert row.auc == pytest.approx(max(roc_auc_score(HAPPENED, one) for one in scores))
    assert (row.models, row.n, row.positives) == (12, 80, 40)


def test_the_model_is_the_best_of_the_metrics_table_and_comparators_do_not_compete(predictions, settings):
    volume = predictions[predictions.features == "shape"].assign(features="volume", classifier="logistic")
    volume["probability"] = volume.y_true * 0.9
    table = pd.concat([predictions, volume])
    best = correct_best(table, **SETTINGS, seed=1)
    metrics = measure_performance(table, settings=settings, seed=1)
    assert best[["outcome", "features", "classifier"]].equals(best_models(metrics))
    row = metrics[(metrics.metric == "auc") & (metrics.fold == "pooled") & (metrics.features == best.features[0])].iloc[
        0
    ]
    assert best.auc[0] == row.value


def test_repeats_of_a_cross_validation_are_chosen_from_by_their_mean_auc():
    random = np.random.default_rng(2)
    scores = HAPPENED + random.normal(size=(2, 12, 80))
    tables = [table_of(scores[0]), table_of(scores[1], folds=random.permutation(FOLDS) + 5)]
    row = correct_best(pd.concat(tables), **SETTINGS, seed=3).iloc[0]
    means = [np.mean([roc_auc_score(HAPPENED, one) for one in pair]) for pair in zip(*scores, strict=True)]
    assert (row.features, row.classifier) == MODELS[int(np.argmax(means))]
    assert row.auc == pytest.approx(max(means)) and row.corrected < row.auc
    same = correct_best(pd.concat([tables[0], table_of(scores[0], folds=FOLDS + 5)]), **SETTINGS, seed=3)
    assert same.equals(correct_best(tables[0], **SETTINGS, seed=3))


def test_an_outcome_that_everybody_had_has_no_row_and_one_that_a_single_person_had_has_a_reason(tmp_path):
    scores = np.random.default_rng(3).normal(size=(12, 80))
    nobody = correct_best(table_of(scores, y_true=np.ones(80, dtype=bool)), **SETTINGS, seed=3)
    single = correct_best(table_of(scores, y_true=np.arange(80) == 0), **SETTINGS, seed=3)
    assert nobody.empty and math.isnan(single.corrected[0]) and "every resample" in single.note[0]
    for table in (nobody, single):
        write_table(table, tmp_path / "best.tsv", BEST)
        assert len(read_table(tmp_path / "best.tsv", BEST)) == len(table)


def test_a_best_model_without_fault_has_no_limits_and_says_why(tmp_path):
    """Everybody with the outcome is above everybody without: every resample has an AUC of 1, which is no certainty."""
    random = np.random.default_rng(3)
    table = table_of(4 * HAPPENED + random.random((12, 80)))
    write_table(correct_best(table, **SETTINGS, seed=3), tmp_path / "best.tsv", BEST)
    row = read_table(tmp_path / "best.tsv", BEST).iloc[0]
    assert (row.auc, row.corrected) == (1, 1) and np.isnan(row.corrected_low) and np.isnan(row.corrected_high)
    assert row.note == "no bootstrap limits: all resamples are equal"


def test_models_of_different_participants_are_refused_by_name():
    table = table_of(np.random.default_rng(4).normal(size=(12, 80)))
    lacking = (table.features == MODELS[7][0]) & (table.classifier == MODELS[7][1]) & (table.subject == "S003")
    with pytest.raises(StudyError, match=f"{MODELS[7][0]} with {MODELS[7][1]} has other participants"):
        correct_best(table[~lacking], **SETTINGS, seed=3)


def learned_from_noise(random, columns=5):
    """Out-of-fold scores (12, n) of Fisher's linear discriminants of features that have nothing to tell."""
    scores = np.empty((len(MODELS), 80))
    for row in scores:
        features = random.normal(size=(80, columns))
        for fold in range(5):
            yes, no = (features[(fold != FOLDS) & one] for one in (HAPPENED, ~HAPPENED))
            direction = np.linalg.solve(np.cov(yes.T) + np.cov(no.T), yes.mean(axis=0) - no.mean(axis=0))
            row[fold == FOLDS] = (features - (yes.mean(axis=0) + no.mean(axis=0)) / 2)[fold == FOLDS] @ direction
    return scores


def test_where_nothing_can_be_predicted_the_corrected_limits_hold_one_half_and_the_best_auc_is_far_from_it():
    random, replicates = np.random.default_rng(5), 40
    rows = [correct_best(table_of(learned_from_noise(random)), **SETTINGS, seed=3) for _ in range(replicates)]
    table = pd.concat(rows)
    held = ((table.corrected_low <= 0.5) & (table.corrected_high >= 0.5)).sum()
    assert held >= binom.ppf(0.01, replicates, 0.95)
    # The largest of twelve is too high by about 0.12; at least half of that is taken away.
    assert table.auc.mean() > 0.58
    assert table.corrected.mean() - 0.5 < (table.auc.mean() - 0.5) / 2
