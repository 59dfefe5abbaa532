"""A planted tell-tale: a feature that equals the label in the validation rows changes nothing that is fitted."""

import pickle

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.classifiers import ClassifierConfig
from ichdag.classification.label_tables import development_labels
from ichdag.classification.validation import fit_folds, predict
from ichdag.constants import CLASSIFIERS
from ichdag.evaluation.prediction_groups import groups_by_model
from ichdag.features import FeaturesSettings, fit_reduction, reduce_block
from ichdag.features.blocks import Block
from ichdag.features.subjects import training_subjects

OUTCOME, FOLD = "poor_outcome", "2"
REDUCTION = FeaturesSettings(rank=4, init="nndsvda", max_iter=200, tolerance=1e-4)


@pytest.fixture
def label_table(cohort, folds):
    return development_labels(cohort, folds=folds, outcome=OUTCOME, min_count=2)


@pytest.fixture
def plain(cohort):
    """Twelve columns of noise by subject."""
    return dict(zip(cohort.subject, np.random.default_rng(7).uniform(size=(40, 12)), strict=True))


@pytest.fixture
def planted(plain, label_table):
    """The same, but for the validation rows of one fold: five of their columns tell the label."""
    held = label_table.index[label_table.fold == FOLD]
    return plain | {
        subject: np.r_[np.full(5, float(label_table.y_true[subject])), plain[subject][5:]] for subject in held
    }


def reduced(values, cohort, folds):
    """The reduction of one fold, and what it makes of everybody, as the rule reduce_block does it."""
    training = training_subjects(cohort, folds=folds, outcome=OUTCOME, fold=FOLD)
    rest = [subject for subject in cohort.subject if subject not in training]
    block = Block("vaegan", training + rest, np.stack([values[one] for one in training + rest]), None)
    reducer = fit_reduction(block, training=len(training), settings=REDUCTION, seed=0)
    table = reduce_block(block, reducer=reducer, limits={"width": 12}).set_index("subject")
    return reducer, table


def test_the_reduction_of_the_fold_is_the_same_to_the_byte(plain, planted, cohort, folds):
    (one, before), (other, after) = reduced(plain, cohort, folds), reduced(planted, cohort, folds)
    assert pickle.dumps(one) == pickle.dumps(other)
    assert not before.equals(after)
    everybody = [Block("vaegan", list(values), np.stack(list(values.values())), None) for values in (plain, planted)]
    leaking = [fit_reduction(block, training=40, settings=REDUCTION, seed=0) for block in everybody]
    assert pickle.dumps(leaking[0]) != pickle.dumps(leaking[1])


@pytest.mark.parametrize("tuning", ["none", "grid"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_classifier_of_the_fold_is_the_same_to_the_byte(
    classifier, tuning, settings, plain, planted, cohort, folds, label_table
):
    config = ClassifierConfig(classifier, settings.__class__(**vars(settings) | {"tuning": tuning}), seed=0, threads=1)
    tables = [reduced(values, cohort, folds)[1] for values in (plain, planted)]
    fits = [fit_folds(dict.fromkeys("01234", table), labels=label_table, config=config) for table in tables]
    assert pickle.dumps(fits[0][FOLD]) == pickle.dumps(fits[1][FOLD])
    assert pickle.dumps(fits[0]["1"]) != pickle.dumps(fits[1]["1"])


def test_the_threshold_of_the_fold_does_not_move(settings, plain, planted, cohort, folds, label_table):
    config = ClassifierConfig("extra_trees", settings, seed=0, threads=1)
    names = {"outcome": OUTCOME, "features": "vaegan", "classifier": "extra_trees"}
    result = []
    for values in (plain, planted):
        table = reduced(plain, cohort, folds)[1]
        fits = fit_folds(dict.fromkeys("01234", table), labels=label_table, config=config)
        told = table.copy()
        told.loc[label_table.index[label_table.fold == FOLD]] = reduced(values, cohort, folds)[1]
        parts = [
            predict(fits[fold].pipeline, X=told, labels=label_table[label_table.fold == fold], **names)
            for fold in "01234"
        ]
        cells = next(groups_by_model(pd.concat(parts)))
        result.append({cell.fold: set(cell.threshold) for cell in cells})
    assert result[0][FOLD] == result[1][FOLD]
