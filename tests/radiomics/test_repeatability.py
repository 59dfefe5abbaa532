"""Repeats are the same lesion a little changed; the intraclass correlation says which features bear that."""

import numpy as np
import pytest

from ichdag.jobs import StudyError
from ichdag.radiomics.perturbation import PerturbationSettings, perturb
from ichdag.radiomics.repeatability import estimate_repeatability
from ichdag.radiomics.schemas import REPEATABILITY
from ichdag.tables import read_table, write_table

HOW = PerturbationSettings(rotation_degrees=5, noise_hu=2)
STILL = PerturbationSettings(rotation_degrees=0, noise_hu=0)


def test_a_repeat_is_the_same_lesion_a_little_changed_and_the_same_again_for_the_same_seed(pair):
    scan, mask = pair
    turned, lesion = perturb(scan, mask=mask, settings=HOW, seed=[1, 2, 3])
    again, same = perturb(scan, mask=mask, settings=HOW, seed=[1, 2, 3])
    np.testing.assert_array_equal(turned.values, again.values)
    np.testing.assert_array_equal(lesion.values, same.values)
    assert turned.values.shape == scan.values.shape and not np.array_equal(turned.values, scan.values)
    assert 0.4 < lesion.volume_ml / mask.volume_ml < 1.8
    both = (lesion.values & mask.values).sum() * 2 / (lesion.values.sum() + mask.values.sum())
    assert both > 0.7


def test_masks_grow_shrink_or_stay_by_a_voxel_within_thick_slices(pair):
    scan, mask = pair
    drawn = [perturb(scan, mask=mask, settings=STILL, seed=[seed])[1] for seed in range(12)]
    sizes = {int(lesion.values.sum()) for lesion in drawn}
    assert len(sizes) == 3 and int(mask.values.sum()) in sizes
    slices = mask.values.any(axis=(0, 1))
    assert all((lesion.values.any(axis=(0, 1)) <= slices).all() for lesion in drawn)
    for lesion in drawn:
        assert (lesion.values <= mask.values).all() or (lesion.values >= mask.values).all()


def test_a_single_voxel_is_never_shrunk_away(made):
    bleed = np.zeros((20, 20, 12), dtype=bool)
    bleed[9, 9, 6] = True
    scan, mask = made.head_with(bleed)
    assert all(perturb(scan, mask=mask, settings=HOW, seed=[seed])[1].values.any() for seed in range(8))


def repeats(patients=12, times=4):
    """A feature of the patient, one of the repeat, one that never varies, one that half of the patients lack."""
    random = np.random.default_rng(0)
    found = {}
    for patient in range(patients):
        own = random.normal(0, 10)
        rows = [{"own": own + random.normal(0, 1), "noise": random.normal(), "flat": 1.0} for _ in range(times)]
        found[f"p{patient}"] = [row | {"rare": None if patient % 2 else row["own"]} for row in rows]
    return found


def test_what_belongs_to_the_patient_is_stable_and_what_is_drawn_anew_is_not(tmp_path):
    table = estimate_repeatability(repeats(), min_icc=0.75)
    write_table(table, tmp_path / "repeatability.tsv", REPEATABILITY)
    found = read_table(tmp_path / "repeatability.tsv", REPEATABILITY).set_index("feature")
    assert found.loc["own", "icc"] > 0.95 and found.loc["own", "stable"] == "yes"
    assert found.loc["own", "low"] < found.loc["own", "icc"] < found.loc["own", "high"]
    assert found.loc["noise", "stable"] == "no" and found.loc["rare", "n"] == 6
    assert np.isnan(found.loc["flat", "icc"]) and found.loc["flat", "stable"] == "no"


def test_the_correlation_is_that_of_shrout_and_fleiss():
    """Their example of 1979: six targets, four judges, ICC(1,1) = 0.17."""
    scores = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    table = estimate_repeatability({str(n): [{"x": v} for v in row] for n, row in enumerate(scores)}, min_icc=0.1)
    assert table.icc[0] == pytest.approx(0.166, abs=0.001) and table.stable[0] == "yes"


def test_a_correlation_without_limits_says_why(tmp_path):
    """Worked by hand: 1 where repeats do not differ, -1 / (repeats - 1) where participants' means do not."""
    kinds = {"flat": lambda place, time: 1.0, "same": lambda place, time: float(place)}
    kinds |= {"nearly": lambda place, time: place + 1e-15 * time, "turns": lambda place, time: (time + place) % 3.0}
    kinds["rare"] = lambda place, time: None if place else 1.0
    rows = {
        str(place): [{name: of(place, time) for name, of in kinds.items()} for time in range(3)] for place in range(6)
    }
    write_table(estimate_repeatability(rows, min_icc=0.75), tmp_path / "repeatability.tsv", REPEATABILITY)
    found = read_table(tmp_path / "repeatability.tsv", REPEATABILITY).set_index("feature")
    assert found.low.isna().all() and found.high.isna().all()
    assert found.icc[["same", "nearly", "turns"]].tolist() == pytest.approx([1, 1, -0.5])
    assert found.stable.to_dict() == {"flat": "no", "same": "yes", "nearly": "yes", "turns": "no", "rare": "no"}
    words = ("the same in everybody", "all repeats of each", "all repeats of each", "their means", "fewer than 5")
    assert all(word in note for word, note in zip(words, found.note, strict=True))
    assert estimate_repeatability(repeats(), min_icc=0.75).set_index("feature").note[["own", "noise"]].isna().all()


def test_too_few_participants_are_refused():
    with pytest.raises(StudyError, match="found 3"):
        estimate_repeatability(repeats(patients=3), min_icc=0.75)
