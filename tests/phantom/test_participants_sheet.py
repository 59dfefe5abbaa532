"""The people of the synthetic study: prevalences, known probabilities, faults, and what the sheet says of them."""

from collections import Counter

import numpy as np
import pytest

from ichdag.jobs import StudyError
from ichdag.phantom import SIGNALS, PhantomSettings, phantom_subjects
from ichdag.phantom.corruption import FAULTS
from ichdag.phantom.outcome_model import (
    EXPANSION_WEIGHTS,
    POOR_WEIGHTS,
    draw_growth_ml,
    draw_mrs,
    oracle_probabilities,
    outcome_probabilities,
)
from ichdag.phantom.population import POPULATIONS, TRAITS, stratified_by_risk

NAMES = ("poor_outcome", "expansion_3ml", "expansion_6ml", "expansion_9ml")
PREVALENCES = {"development": (0.40, 0.33, 0.255, 0.19), "external": (0.50, 0.445, 0.367, 0.29)}


def auc(label, score):
    """Chance that a positive scores higher than a negative, ties half."""
    apart = score[label][:, None] - score[~label][None, :]
    return float(np.mean((apart > 0) + 0.5 * (apart == 0)))


def people(truth, role):
    return [own for own in truth.values() if own["role"] == role]


@pytest.fixture(scope="module", params=SIGNALS)
def large(request, drawn):
    """2000 people of each cohort under each signal setting."""
    return request.param, drawn(development=2000, external=2000, faulty=0, seed=3, signal=request.param)[1]


@pytest.mark.parametrize("role", ["development", "external"])
def test_prevalences_are_the_stated_ones_under_every_signal(large, happened, role):
    own = people(large[1], role)
    for name, stated in zip(NAMES, PREVALENCES[role], strict=True):
        assert np.mean([happened[name](item) for item in own]) == pytest.approx(stated, abs=0.03), name
        assert np.mean([item[f"oracle_{name}"] for item in own]) == pytest.approx(stated, abs=0.03), name


@pytest.mark.parametrize("role", ["development", "external"])
def test_the_oracle_is_good_where_there_is_a_signal_and_blind_where_there_is_none(large, happened, role):
    signal, truth = large
    own = people(truth, role)
    for name in NAMES:
        label = np.array([happened[name](item) for item in own])
        found = auc(label, np.array([item[f"oracle_{name}"] for item in own]))
        assert found == 0.5 if signal == "null" else 0.85 < found < 0.92, (name, found)


def test_only_the_traits_of_the_signal_tell_the_outcome(large, happened):
    signal, truth = large
    own = people(truth, "development")
    for name in NAMES:
        label = np.array([happened[name](item) for item in own])
        weights = (POOR_WEIGHTS if name == "poor_outcome" else EXPANSION_WEIGHTS)[signal]
        for trait in set(TRAITS) - set(weights):
            assert abs(auc(label, np.array([item[f"trait_{trait}"] for item in own])) - 0.5) < 0.05, (name, trait)


def test_the_oracle_is_calibrated(large, happened):
    own = [item for item in large[1].values() if item["role"] != "prediction"]
    for name in NAMES:
        stated = np.array([item[f"oracle_{name}"] for item in own])
        label = np.array([happened[name](item) for item in own])
        for group in np.array_split(np.argsort(stated), 4):
            assert label[group].mean() == pytest.approx(stated[group].mean(), abs=0.04)


def test_stated_probabilities_are_the_simulated_ones_for_one_person():
    count = 200_000
    traits = {name: np.full(count, 0.4) for name in TRAITS}
    chance = outcome_probabilities(traits, role="development", signal="study")
    uniform = np.random.default_rng(0).random(count)
    growth, mrs = draw_growth_ml(chance, uniform=uniform), draw_mrs(chance, uniform=uniform)
    stated = oracle_probabilities(
        chance, outcomes={f"{column} > {limit}": f"{column} > {limit}" for column, limit in LIMITS}
    )
    for column, limit in LIMITS:
        found = np.mean((growth if column == "expansion_ml" else mrs) > limit)
        assert found == pytest.approx(stated[f"{column} > {limit}"][0], abs=0.005), (column, limit)
    assert set(mrs) == set(range(7))


LIMITS = [("expansion_ml", 2.5), ("expansion_ml", 6), ("expansion_ml", 20), *(("mrs", grade) for grade in range(6))]


def test_an_outcome_without_a_closed_form_has_no_oracle(drawn):
    truth = drawn(outcomes={"dead": "mrs > 5", "either": "mrs > 3 or expansion_ml > 6", "tiny": "expansion_ml > 1"})[1]
    assert [name for name in truth["D0001"] if name.startswith("oracle_")] == ["oracle_dead"]


def test_variates_even_along_risk_are_uniform_for_each_person():
    risk = np.random.default_rng(0).random(20)
    variates = np.array([stratified_by_risk(np.random.default_rng(seed), risk) for seed in range(4000)])
    for person in variates.T:
        assert np.histogram(person, bins=4, range=(0, 1))[0] == pytest.approx(np.full(4, 1000), abs=120)


def test_the_demo_has_enough_of_both_classes_of_every_outcome(study, happened):
    sound = [own for own in people(study[1], "development") if own["fault"] in (None, "no_mrs")]
    for name in NAMES:
        positive = sum(happened[name](own) for own in sound)
        assert min(positive, len(sound) - positive) >= 6, name


def test_clinical_covariates_follow_the_bleed_and_external_people_are_worse_off(drawn):
    truth = drawn(development=500, external=500, faulty=0)[1]
    means = {}
    for role in ("development", "external"):
        table = {
            name: np.array([own[name] for own in people(truth, role)]) for name in ("volume_ml", "gcs", "nihss", "age")
        }
        means[role] = {name: values.mean() for name, values in table.items()}
        assert np.corrcoef(np.log(table["volume_ml"]), table["gcs"])[0, 1] < -0.3
        assert np.corrcoef(np.log(table["volume_ml"]), table["nihss"])[0, 1] > 0.4
        assert table["volume_ml"].min() >= 1 and table["volume_ml"].max() <= 80
    assert all(means["external"][name] > means["development"][name] for name in ("volume_ml", "nihss", "age"))
    assert means["external"]["gcs"] < means["development"]["gcs"]


def test_the_same_seed_draws_the_same_people_and_another_seed_others(drawn):
    assert drawn(seed=1) == drawn(seed=1)
    assert drawn(seed=1)[1] != drawn(seed=2)[1]


def test_a_larger_study_holds_the_smaller_one(drawn, study):
    larger = drawn(development=61, external=45)[1]
    assert all(larger[subject] == own for subject, own in study[1].items())


def test_ids_follow_from_the_counts():
    counts = {"development": 10, "external": 10, "prediction": 1, "faulty": 0}
    settings = PhantomSettings(**counts, signal="null")
    assert list(phantom_subjects(settings))[::10] == ["D0001", "E0001", "P0001"]


def test_every_kind_of_fault_is_there_once_and_both_cohorts_have_half(study):
    found = [(own["role"], own["fault"]) for own in study[1].values() if own["fault"]]
    assert sorted(fault for _, fault in found) == sorted(FAULTS)
    assert Counter(role for role, _ in found) == {"development": 4, "external": 4}


def test_more_faults_than_participants_are_refused(drawn):
    with pytest.raises(StudyError, match="phantom.faulty: 30 .* take 24"):
        drawn(development=40, external=24, faulty=30)


def test_what_a_participant_lacks_is_missing_in_the_sheet(study):
    sheet, truth = study
    rows = {row["participant_id"].removeprefix("sub-"): row for row in sheet}
    for subject, own in truth.items():
        row, known = rows[subject], own["role"] != "prediction"
        assert (row["mrs"] is not None) == (known and own["fault"] != "no_mrs")
        assert (row["followup_ct"] is not None) == (known and own["fault"] != "no_followup")
        assert (row["oracle_poor_outcome"] is not None) == known
        assert own["oracle_poor_outcome"] is not None and row["baseline_ct"] is not None
        assert row["cohort"] == POPULATIONS[own["role"]].cohort
    lacking = Counter(row["role"] for row in sheet if row["followup_ct"] and not row["followup_mask"])
    assert lacking == {"development": 4, "external": 3}
    assert sum(row["baseline_mask"] is None for row in sheet if row["role"] == "external") == 4
    assert all(row["baseline_mask"] for row in sheet if row["role"] == "development")


def test_the_oldest_are_89_and_over(drawn):
    sheet, truth = drawn(external=400)
    for row in sheet:
        age = truth[row["participant_id"].removeprefix("sub-")]["age"]
        assert row["age"] == ("89+" if age >= 89 else f"{age:.0f}")
    assert any(row["age"] == "89+" for row in sheet)
