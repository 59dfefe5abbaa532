"""How many labels hang on less volume than the networks are off by."""

import numpy as np
import pandas as pd
import pytest

from ichdag.cohort.schemas import SENSITIVITY
from ichdag.cohort.sensitivity import label_sensitivity
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
    return label_sensitivity(people, scans=scans, volumes=volumes, outcomes=OUTCOMES).set_index("outcome")


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


def test_with_too_few_compared_nothing_is_claimed(tables):
    people, scans, volumes = tables
    scans.loc[8:, "manual_volume_ml"] = None
    found = label_sensitivity(people, scans=scans, volumes=volumes, outcomes=OUTCOMES).set_index("outcome")
    assert found.compared["grown"] == 4 and pd.isna(found.error_ml["grown"]) and pd.isna(found.within["grown"])
