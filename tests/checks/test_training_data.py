"""A study whose training scans or masks changed since its networks were trained says so."""

import pandas as pd
import pytest

from ichdag.checks.training_data import check_training_data


def table(**rows):
    return pd.DataFrame([(name, *row) for name, row in rows.items()], columns=["subject", "digest", "mask_digest"])


@pytest.fixture
def trained_on():
    """Two networks and the VAE-GAN, which does not see masks of its own."""
    return {
        "dual_0": table(A=("a", "ma"), B=("b", "mb")),
        "dual_final": table(A=("a", "ma"), B=("b", "mb"), C=("c", "mc")),
        "vaegan": table(A=("a", "ma"), D=("d", None)),
    }


def grids(**rows):
    now = table(**rows).assign(timepoint="baseline")
    return pd.concat([now, now.assign(timepoint="followup", digest="x", mask_digest="y")])


def test_a_study_whose_networks_saw_todays_scans_and_masks_passes(trained_on):
    result = check_training_data(
        trained_on=trained_on, grids=grids(A=("a", "ma"), B=("b", "mb"), C=("c", "mc"), D=("d", None))
    )
    assert [(one.status, one.found) for one in result] == [("passed", "4 participants, 3 trained networks")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"B": ("b", "new")}, "trained on 1 masks that have changed since (sub-B); segmentation.retrain trains them"),
        ({"B": ("b", None)}, "1 masks that have changed since (sub-B)"),
        ({"A": ("new", "ma"), "C": ("new", "mc")}, "2 scans that have changed since (sub-A, sub-C)"),
        ({"D": ("d", "now there is one")}, None),
        ({"C": None}, "1 participants who are not in the cohort any more (sub-C)"),
    ],
)
def test_what_changed_since_is_said_with_names_and_cure(trained_on, change, words):
    rows = {"A": ("a", "ma"), "B": ("b", "mb"), "C": ("c", "mc"), "D": ("d", None)} | change
    result = check_training_data(
        trained_on=trained_on, grids=grids(**{name: row for name, row in rows.items() if row})
    )[0]
    assert result.status == ("warned" if words else "passed") and (words or "") in result.found
