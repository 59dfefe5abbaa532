"""Several cross-validations of the same participants: every repeat has everybody once, and no fit sees its own fold."""

import numpy as np
import pandas as pd
import pytest

from ichdag.classification.classifiers import Recipe, card_of
from ichdag.classification.designs import comparator_designs, design
from ichdag.classification.people import development_people, once, oracle_rows
from ichdag.classification.validation import cross_validate, fit_final, fit_folds
from ichdag.jobs import StudyError

NAMES = {"outcome": "poor_outcome", "features": "radiomics"}
ALL = [*map(str, range(10)), "final"]


@pytest.fixture
def twice(folds):
    """Folds 0 to 4 as ever, and 5 to 9 with others in them."""
    return pd.concat([folds, folds.assign(fold=5 + np.arange(40) // 8)], ignore_index=True)


@pytest.fixture
def people(cohort, twice):
    return development_people(cohort, folds=twice, outcome="poor_outcome", fewest=2)


@pytest.fixture
def designs(tables):
    return dict.fromkeys(ALL, design(tables, features="radiomics"))


def recipe(settings, name="naive_bayes"):
    return Recipe(name, settings, seed=0, threads=1)


def test_everybody_has_a_row_for_each_repeat_and_everybody_once_is_everybody(people, cohort):
    assert len(people) == 80 and people.groupby("subject").size().eq(2).all()
    assert list(once(people).index) == sorted(cohort.subject)


def test_every_fit_sees_everybody_outside_its_fold_once_and_nobody_inside(settings, people, designs):
    for fold, own in fit_folds(designs, people=people, recipe=recipe(settings)).items():
        inside = set(people.index[people.fold == fold])
        assert len(own.subjects) == len(set(own.subjects)) and set(own.subjects) == set(people.index) - inside


@pytest.mark.parametrize("name", ["naive_bayes", "extra_trees", "svm"])
def test_the_first_repeat_is_the_cross_validation_alone_to_the_byte(name, settings, cohort, folds, people, designs):
    alone = development_people(cohort, folds=folds, outcome="poor_outcome", fewest=2)
    one, _ = cross_validate(designs, people=alone, recipe=recipe(settings, name), **NAMES)
    both, seen = cross_validate(designs, people=people, recipe=recipe(settings, name), **NAMES)
    first = both[both.fold.astype(int) < 5].reset_index(drop=True)
    assert first.equals(one) and len(both) == 80 and len(seen) == 10
    second = both[both.fold.astype(int) >= 5]
    assert sorted(second.subject) == sorted(cohort.subject)
    assert not np.array_equal(first.set_index("subject").probability[second.subject], second.probability)


def test_the_final_model_and_its_card_know_everybody_once(settings, cohort, folds, people, designs):
    alone = development_people(cohort, folds=folds, outcome="poor_outcome", fewest=2)
    one, other = (fit_final(designs, people=group, recipe=recipe(settings)) for group in (alone, people))
    assert np.array_equal(one["classify"].theta_, other["classify"].theta_)
    card = card_of(recipe(settings), models={"radiomics": other}, people=people, folds={}, outcome="poor_outcome")
    assert card.subjects == sorted(cohort.subject)


def test_the_comparators_and_the_known_truth_are_there_in_every_repeat(settings, cohort, people):
    (truth,) = oracle_rows(
        people, cohort=cohort.assign(oracle_poor_outcome=[None, *[0.5] * 39]), outcome="poor_outcome"
    )
    assert len(truth) == 78 and not truth.duplicated(["subject", "fold"]).any()
    volume = dict.fromkeys(ALL, comparator_designs(cohort, columns=[])["volume"])
    found, _ = cross_validate(volume, people=people, recipe=recipe(settings, "logistic"), **NAMES)
    assert len(found) == 80 and found.groupby("subject").fold.nunique().eq(2).all()


def test_a_thin_fold_of_a_further_repeat_is_named_with_counts_of_people(cohort, twice):
    thin = cohort.assign(poor_outcome=pd.array([1, 0] * 16 + [0] * 8, dtype="Int64"))
    with pytest.raises(StudyError, match="found 40 participants; fold 9: validation 0 with and 8 without, training 16"):
        development_people(thin, folds=twice, outcome="poor_outcome", fewest=2)
