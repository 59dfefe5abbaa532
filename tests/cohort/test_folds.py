"""Folds are stratified, drawn once, and kept when participants come and go."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ichdag.cohort.labels import known_labels
from ichdag.jobs import StudyError
from ichdag.segmentation.locking import network_candidates
from ichdag.stratified_folds import draw_folds

NONE = pd.DataFrame(columns=["subject", "outcome", "fold"])


def labels(count, positives, outcome="poor_outcome"):
    rows = [{"subject": f"s{i:03d}", "outcome": outcome, "label": int(i < positives)} for i in range(count)]
    return pd.DataFrame(rows).astype({"label": "Int64"})


def test_each_fold_has_its_share_of_each_class():
    drawn = draw_folds(labels(53, 21), earlier=NONE, persons={}, count=5, repeats=1, seed=1).merge(labels(53, 21))
    assert drawn.groupby("fold").label.sum().between(4, 5).all()
    assert drawn.groupby("fold").size().between(10, 11).all()


def test_a_subject_has_one_fold_for_each_outcome():
    both = pd.concat([labels(40, 12), labels(40, 20, "expansion_3ml")])
    drawn = draw_folds(both, earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    assert len(drawn) == 80 and not drawn.duplicated(["subject", "outcome"]).any()


def test_the_same_seed_draws_the_same_folds_and_another_seed_others():
    one, same, other = (
        draw_folds(labels(40, 12), earlier=NONE, persons={}, count=5, repeats=1, seed=seed).fold for seed in (1, 1, 2)
    )
    assert one.equals(same) and not one.equals(other)


def test_earlier_participants_keep_their_folds_when_others_join_and_leave():
    first = draw_folds(labels(40, 12), earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    later = draw_folds(labels(61, 30).iloc[3:], earlier=first, persons={}, count=5, repeats=1, seed=1)
    kept = first.merge(later, on=["subject", "outcome"], suffixes=("", "_later"))
    assert len(kept) == 40 and (kept.fold == kept.fold_later).all()
    assert later.groupby("fold").size().between(11, 14).all()


def test_fewer_known_outcomes_than_folds_are_refused_by_name():
    cohort = pd.DataFrame({"subject": list("abcd"), "status": ["included"] * 3 + ["excluded"], "dead": [1, 0, 0, 1]})
    assert len(known_labels(cohort, outcomes=["dead"], fewest=3)) == 3
    with pytest.raises(StudyError, match="outcome dead: it is known of 3 usable .* 5 folds"):
        known_labels(cohort, outcomes=["dead"], fewest=5)


def test_labels_are_those_of_the_cohort_table_and_nobody_who_lacks_one_has_a_row():
    cohort = pd.DataFrame(
        {
            "subject": ["a", "b", "c", "d"],
            "status": ["included", "included", "included", "excluded"],
            "dead": pd.array([1, 0, pd.NA, 1], dtype="Int64"),
            "grown": pd.array([pd.NA, 1, 0, 0], dtype="Int64"),
        }
    )
    found = known_labels(cohort, outcomes=["dead", "grown"], fewest=1)
    assert set(found.itertuples(index=False, name=None)) == {
        ("a", "dead", 1), ("b", "dead", 0), ("b", "grown", 1), ("c", "grown", 0)
    }  # fmt: skip


def test_networks_can_be_trained_on_usable_baseline_scans_with_a_manual_mask():
    scans = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "timepoint": ["baseline", "followup"] * 4,
            "status": ["included"] * 4 + ["excluded", "included"] + ["included"] * 2,
            "manual_volume_ml": [10.0, 14.0, 5.0, np.nan, 3.0, np.nan, np.nan, 8.0],
        }
    )
    assert network_candidates(scans, min_count=2).subject.tolist() == ["a", "b"]
    with pytest.raises(StudyError, match="2 development participants .* the networks need 3"):
        network_candidates(scans, min_count=3)


@pytest.mark.parametrize(("count", "events", "draws"), [(120, 14, 15), (60, 9, 15), (866, 101, 1)])
def test_no_fold_lacks_an_event_and_folds_differ_by_one_at_most(count, events, draws):
    """Drawn without the labels, 120 participants with 14 events left a fold without one in 54 of 300 draws."""
    table = labels(count, events)
    for seed in range(draws):
        drawn = draw_folds(table, earlier=NONE, persons={}, count=5, repeats=1, seed=seed).merge(table)
        for label in (0, 1):
            sizes = drawn[drawn.label == label].fold.value_counts().reindex(range(5), fill_value=0)
            assert sizes.min() >= 1 and sizes.max() - sizes.min() <= 1


def test_folds_of_an_outcome_do_not_depend_on_the_outcomes_beside_it():
    both = pd.concat([labels(40, 20, "another"), labels(40, 12)])
    beside = draw_folds(both, earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    alone = draw_folds(labels(40, 12), earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    assert beside[beside.outcome == "poor_outcome"].reset_index(drop=True).equals(alone)


def test_subjects_of_one_person_share_a_fold_and_the_folds_stay_even():
    table = labels(60, 24)
    persons = {f"s{i:03d}": f"p{i % 12}" for i in range(36)}
    drawn = draw_folds(table, earlier=NONE, persons=persons, count=5, repeats=1, seed=1).merge(table)
    assert drawn.groupby(drawn.subject.map(persons)).fold.nunique().eq(1).all()
    assert drawn.groupby("fold").size().between(11, 13).all() and drawn.groupby("fold").label.sum().between(4, 6).all()


def test_a_person_who_comes_again_joins_the_fold_of_the_first_time_even_if_that_scan_has_left():
    first = draw_folds(labels(40, 12), earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    later = labels(45, 12).iloc[1:]
    drawn = draw_folds(later, earlier=first, persons={"s000": "p", "s044": "p"}, count=5, repeats=1, seed=1).set_index(
        "subject"
    )
    assert drawn.fold["s044"] == drawn.fold["s000"] == first.set_index("subject").fold["s000"]


def test_a_person_whom_earlier_folds_part_is_refused():
    first = draw_folds(labels(40, 12), earlier=NONE, persons={}, count=5, repeats=1, seed=1)
    apart = first.groupby("fold").subject.first()
    with pytest.raises(StudyError, match="person 'p': .* were drawn into folds"):
        draw_folds(labels(40, 12), earlier=first, persons={apart[0]: "p", apart[1]: "p"}, count=5, repeats=1, seed=1)


@st.composite
def studies(draw):
    """A study in two stages: labels, who is behind the subjects, and how many there were at first."""
    count = draw(st.integers(12, 60))
    known = draw(st.lists(st.sampled_from([0, 1]), min_size=count, max_size=count))
    people = draw(st.lists(st.integers(0, 2 * count), min_size=count, max_size=count))
    rows = [{"subject": f"s{i:03d}", "outcome": "dead", "label": label} for i, label in enumerate(known)]
    persons = {f"s{i:03d}": f"p{person}" for i, person in enumerate(people) if person < count}
    return pd.DataFrame(rows).astype({"label": "Int64"}), persons, draw(st.integers(6, count))


@settings(max_examples=25, deadline=None)
@given(studies(), st.integers(0, 1000))
def test_persons_never_part_earlier_folds_stay_and_sizes_are_even(study, seed):
    table, persons, early = study
    first = draw_folds(table[:early], earlier=NONE, persons=persons, count=3, repeats=1, seed=seed)
    drawn = draw_folds(table, earlier=first, persons=persons, count=3, repeats=1, seed=seed)
    again = draw_folds(
        table.sample(frac=1, random_state=seed), earlier=first, persons=persons, count=3, repeats=1, seed=seed
    )
    assert again.equals(drawn) and set(drawn.subject) == set(table.subject)
    assert drawn.merge(first, on=["subject", "outcome", "fold"]).shape[0] == early
    assert drawn.groupby(drawn.subject.map(persons)).fold.nunique().le(1).all()
    whole = draw_folds(table, earlier=NONE, persons=persons, count=3, repeats=1, seed=seed)
    largest = max(pd.Series(persons, dtype=str).value_counts().max() if persons else 1, 1)
    sizes = whole.fold.value_counts().reindex(range(3), fill_value=0)
    assert sizes.max() - sizes.min() <= largest + 2


def repeated(table, earlier=NONE, persons=None, repeats=3, seed=1):
    return draw_folds(table, earlier=earlier, persons=persons or {}, count=5, repeats=repeats, seed=seed)


def test_each_repeat_has_everybody_once_in_even_folds_of_its_own():
    table = labels(53, 21)
    drawn = repeated(table).merge(table)
    for repeat, part in drawn.groupby(drawn.fold // 5):
        assert sorted(part.subject) == sorted(table.subject) and set(part.fold) == set(
            range(5 * repeat, 5 * repeat + 5)
        )
        assert (
            part.groupby("fold").label.sum().between(4, 5).all() and part.groupby("fold").size().between(10, 11).all()
        )
    first, second = (drawn[drawn.fold // 5 == repeat].set_index("subject").fold % 5 for repeat in (0, 1))
    assert (first != second[first.index]).mean() > 0.5


def test_the_first_repeat_is_the_cross_validation_that_is_not_repeated():
    table = pd.concat([labels(40, 12), labels(40, 20, "expansion_3ml")])
    many = repeated(table)
    assert many[many.fold < 5].reset_index(drop=True).equals(repeated(table, repeats=1))


def test_newcomers_move_nobody_in_any_repeat_and_a_further_repeat_moves_nobody_either():
    first = repeated(labels(40, 12), repeats=2)
    later = repeated(labels(61, 30).iloc[3:], earlier=first, repeats=3)
    assert len(later.merge(first, on=["subject", "outcome", "fold"])) == len(first) == 80
    assert later[later.subject == "s050"].fold.floordiv(5).tolist() == [0, 1, 2]
    assert later[later.subject == "s000"].fold.floordiv(5).tolist() == [0, 1]
    assert later.groupby("fold").size().between(11, 14).all()


def test_folds_of_repeats_that_are_no_longer_asked_for_are_kept():
    first = repeated(labels(40, 12), repeats=3)
    assert repeated(labels(40, 12), earlier=first, repeats=1).equals(first)


def test_a_person_shares_a_fold_in_every_repeat():
    table = labels(60, 24)
    persons = {f"s{i:03d}": f"p{i % 12}" for i in range(36)}
    drawn = repeated(table, persons=persons)
    assert drawn.groupby([drawn.subject.map(persons), drawn.fold // 5]).fold.nunique().eq(1).all()


def test_earlier_repeats_of_another_number_of_folds_are_refused():
    first = repeated(labels(40, 12), repeats=2)
    for earlier, count in ((first, 7), (repeated(labels(40, 12), repeats=1), 3)):
        with pytest.raises(StudyError, match=f"earlier folds that are not one in each repeat of {count}"):
            draw_folds(labels(40, 12), earlier=earlier, persons={}, count=count, repeats=2, seed=1)
