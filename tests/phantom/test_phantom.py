"""The synthetic study is what it says: tissues, volumes, growth, probabilities, faults, and the same bytes twice."""

import numpy as np
import pytest

from ichdag.phantom import SIGNALS, Settings, subjects
from ichdag.phantom.cohort import FAULTS, draw_cohort
from ichdag.phantom.outcomes import WEIGHTS, chances, draw_growth_ml, draw_mrs
from ichdag.phantom.scanner import draw_scan, write_scans


def settings(**changes):
    sizes = {"development": 40, "external": 24, "prediction": 2, "faulty": 8, "matrix": 96, "signal": "study"}
    return Settings(**sizes | {"field_of_view_mm": (205, 240), "slice_thickness_mm": (4.5, 5.0)} | changes)


@pytest.fixture(scope="module")
def study():
    return draw_cohort(settings(), seed=20260101)


@pytest.fixture(scope="module")
def scan(study):
    truth = next(item for item in study[1].values() if item["role"] == "development" and item["volume_ml"] > 20)
    return truth, *draw_scan(truth, timepoint="baseline", settings=settings())


def auc(label, score):
    """Chance that a positive scores higher than a negative."""
    return float(np.mean(score[label][:, None] > score[~label][None, :]))


def test_tissues_have_the_hu_of_a_head_ct(scan):
    _, ct, mask = scan
    assert np.percentile(ct.values, 5) < -900 and 700 < np.percentile(ct.values, 99.9) < 1700
    blood = ct.values[mask.values]
    brain = ct.values[(ct.values > 10) & (ct.values < 48) & ~mask.values]
    assert 50 < np.median(blood) < 75 and 25 < np.median(brain) < 38


def test_the_lesion_has_the_volume_that_was_drawn(scan):
    truth, _, mask = scan
    assert mask.volume_ml == pytest.approx(truth["volume_ml"], abs=mask.voxel_ml)


def test_the_follow_up_has_its_own_volume_and_pose(scan):
    truth, ct, _ = scan
    later, mask = draw_scan(truth, timepoint="followup", settings=settings())
    assert mask.volume_ml == pytest.approx(truth["followup_ml"], abs=mask.voxel_ml)
    assert not np.allclose(later.affine, ct.affine)


def test_the_same_truth_gives_the_same_bytes(study, tmp_path):
    truth = study[1]["D0003"]
    columns = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_scans(truth, {name: str(tmp_path / folder / f"{name}.nii.gz") for name in columns}, settings=settings())
    for name in columns:
        assert (tmp_path / "one" / f"{name}.nii.gz").read_bytes() == (tmp_path / "two" / f"{name}.nii.gz").read_bytes()


def test_the_same_seed_draws_the_same_people_and_another_seed_others():
    assert draw_cohort(settings(), seed=1) == draw_cohort(settings(), seed=1)
    assert draw_cohort(settings(), seed=1) != draw_cohort(settings(), seed=2)


def test_ids_follow_from_the_counts():
    assert list(subjects(settings(development=10, external=10, prediction=1)))[::10] == ["D0001", "E0001", "P0001"]


def test_every_kind_of_fault_is_there_once(study):
    assert sorted(item["fault"] for item in study[1].values() if item["fault"]) == sorted(FAULTS)


def test_what_a_participant_lacks_is_missing_in_the_sheet(study):
    sheet, truth = study
    rows = {row["participant_id"].removeprefix("sub-"): row for row in sheet}
    for subject, item in truth.items():
        later = item["role"] != "prediction"
        assert (rows[subject]["mrs"] is not None) == (later and item["fault"] != "no_mrs")
        assert (rows[subject]["followup_ct"] is not None) == (later and item["fault"] != "no_followup")


def test_the_stated_probability_of_growth_is_the_simulated_one():
    count = 200_000
    traits = {
        name: np.full(count, 0.4) for name in ("volume", "irregularity", "heterogeneity", "rim", "hours", "age", "ivh")
    }
    chance = chances(traits, role="development", signal="study")
    random = np.random.default_rng(0)
    growth = draw_growth_ml(chance, uniform=random.random(count), size=random.random(count))
    for limit in (3, 6, 9):
        assert np.mean(growth > limit) == pytest.approx(chance.growth_above(limit)[0], abs=0.005)
    mrs = draw_mrs(chance, uniform=random.random(count), grade=random.random(count))
    assert np.mean(mrs > 3) == pytest.approx(chance.poor[0], abs=0.005) and set(mrs) == set(range(7))


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_oracle_is_good_where_there_is_a_signal_and_blind_where_there_is_none(signal):
    _, truth = draw_cohort(settings(development=1500, external=10, faulty=0, signal=signal), seed=3)
    people = [item for item in truth.values() if item["role"] == "development"]
    grown = np.array([item["followup_ml"] - item["volume_ml"] > 6 for item in people])
    oracle = np.array([item["oracle_expansion_6ml"] for item in people])
    assert 0.15 < grown.mean() < 0.45
    if signal == "null":
        assert np.ptp(oracle) == 0
        for trait in WEIGHTS["study"]:
            values = np.array([item[f"trait_{trait}"] for item in people])
            assert abs(auc(grown, values) - 0.5) < 0.06, trait
    else:
        assert 0.82 < auc(grown, oracle) < 0.95


def test_the_external_cohort_bleeds_more(study):
    by_role = {
        role: [item for item in study[1].values() if item["role"] == role] for role in ("development", "external")
    }
    for name in ("volume_ml", "age", "followup_ml"):
        means = {role: np.mean([item[name] for item in people]) for role, people in by_role.items()}
        assert means["external"] > means["development"], name
