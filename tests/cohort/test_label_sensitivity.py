"""How many labels hang on less volume than the networks are off by."""

import numpy as np
import pandas as pd
import pytest

from ichdag.cohort.label_sensitivity import measure_label_sensitivity
from ichdag.cohort.schemas import SENSITIVITY
from ichdag.tables import write_table

OUTCOMES = {"poor_outcome": "mrs > 3", "grown": "expansion_ml > 6", "large": "baseline_volume_ml > 30"}


@pytest.fixture
def tables():
    """Twenty participants whose predicted follow-up volumes are off by -1.9 to +1.9 mL, and the last without a mask."""
    subjects = [f"p{number:02d}" for number in range(20)]
    growth, error = np.linspace(0.25, 12, 20), np.linspace(-1.9, 1.9, 20)
    rows = [
        {
            "subject": name,
            "timepoint": time,
            "status": "included",
            "manual_volume_ml": 10 + grown * (time == "followup"),
        }
        for name, grown in zip(subjects, growth, strict=True)
        for time in ("baseline", "followup")
    ]
    rows[-1]["manual_volume_ml"] = None
    volumes = {"subject": subjects, "baseline_predicted_ml": 10.0, "followup_predicted_ml": 10 + growth + error}
    people = {"subject": subjects, "role": "development", "status": "included", "mrs": 2, "poor_outcome": 0}
    people |= {"expansion_ml": growth, "grown": (growth > 6).astype(int), "baseline_volume_ml": 10.0, "large": 0}
    return pd.DataFrame(people), pd.DataFrame(rows), pd.DataFrame(volumes)


@pytest.fixture
def found(tables):
    """The table, by outcome."""
    people, scans, volumes = tables
    return measure_label_sensitivity(people, scans=scans, volumes=volumes, outcomes=OUTCOMES).set_index("outcome")


def test_only_outcomes_that_read_a_volume_are_told_of(found, tmp_path):
    assert list(found.index) == ["grown", "large"]
    write_table(found.reset_index(), tmp_path / "sensitivity.tsv", SENSITIVITY)


def test_the_error_is_that_of_the_expansion_where_both_sources_are_known(found):
    error = np.linspace(-1.9, 1.9, 20)[:-1]
    assert found.compared["grown"] == 19
    assert found.error_ml["grown"] == pytest.approx(np.quantile(np.abs(error), 0.95))
    assert found.bias_ml["grown"] == pytest.approx(error.mean())


def test_labels_within_the_error_and_labels_that_differ_are_counted(found):
    growth, error = np.linspace(0.25, 12, 20), np.linspace(-1.9, 1.9, 20)
    size = found.error_ml["grown"]
    near = ((growth - size) > 6) != ((growth + size) > 6)
    assert found.within["grown"] == near.sum() > 2
    assert found.both["grown"] == 19
    assert found.differ["grown"] == ((growth > 6) != (growth + error > 6))[:19].sum()


def test_volumes_without_any_error_decide_every_label(found):
    assert (found.error_ml["large"], found.within["large"], found.differ["large"]) == (0, 0, 0)


def test_a_volume_is_not_moved_below_nothing_and_a_label_that_is_not_defined_is_no_other_label(tables):
    """Moved by 1.81 mL, the error of `grown`, up to 12 mL: written out by hand for each participant."""
    people, scans, volumes = tables
    volumes["baseline_predicted_ml"] = 10 + volumes.followup_predicted_ml - 10 - people.expansion_ml
    people["baseline_volume_ml"] = [0.5, 1.0, 2.5, 4.0] + [10.0] * 16
    people["expansion_ml"] = 1.0
    rules = {"ratio": "expansion_ml / baseline_volume_ml > 0.33", "negative": "baseline_volume_ml < 0"}
    people["ratio"], people["negative"] = (1 / people.baseline_volume_ml > 0.33).astype(int), 0
    found = measure_label_sensitivity(people, scans=scans, volumes=volumes, outcomes=rules).set_index(
        ["outcome", "volume"]
    )
    size = found.error_ml["ratio", "baseline_volume_ml"]
    assert size == pytest.approx(1.805, abs=0.1) and found.within["negative", "baseline_volume_ml"] == 0
    # 0.5 and 1 mL: 0 mL has no ratio, 1 / 2.3 and 1 / 2.8 stay above 0.33; 2.5 mL: 1 / 4.3 does not; 4 mL: 1 / 2.2 is.
    assert found.within["ratio", "baseline_volume_ml"] == 2


def test_an_expansion_is_not_moved_below_the_loss_of_the_whole_hematoma(tables):
    people, scans, volumes = tables
    people["baseline_volume_ml"], people["expansion_ml"], people["gone"] = 0.5, 0.0, 0
    rules = {"gone": "expansion_ml < -0.5"}
    found = measure_label_sensitivity(people, scans=scans, volumes=volumes, outcomes=rules)
    assert found.error_ml[0] > 0.5 and found.within[0] == 0


def test_with_too_few_compared_nothing_is_claimed(tables):
    people, scans, volumes = tables
    scans.loc[8:, "manual_volume_ml"] = None
    found = measure_label_sensitivity(people, scans=scans, volumes=volumes, outcomes=OUTCOMES).set_index("outcome")
    assert found.compared["grown"] == 4 and pd.isna(found.error_ml["grown"]) and pd.isna(found.within["grown"])
