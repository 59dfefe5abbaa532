"""Folds that are not even and reductions that are not least squares are told, with the numbers."""

import pandas as pd
import pytest

from ichdag.checks import reductions, stratification
from ichdag.models import ModelCard


def folds_with(events, size=10):
    """A cohort and its folds, of `size` participants each, with so many events in each."""
    rows = [(f"s{fold}{place}", fold, int(place < count)) for fold, count in enumerate(events) for place in range(size)]
    table = pd.DataFrame(rows, columns=["subject", "fold", "dead"])
    participants = table.drop(columns="fold").assign(status="included").astype({"dead": "Int64"})
    return participants, table[["subject", "fold"]].assign(outcome="dead")


def found_of(participants, folds, count):
    (finding,) = stratification(participants=participants, folds=folds, outcomes=["dead"], count=count)
    return finding


def test_even_folds_pass_and_their_events_are_counted():
    finding = found_of(*folds_with([3, 2, 3, 3, 2]), count=5)
    assert (finding.status, finding.found) == ("passed", "events per fold 3+2+3+3+2")


def test_folds_whose_events_differ_by_more_than_one_are_warned_of_by_name():
    finding = found_of(*folds_with([3, 0, 3, 3, 2]), count=5)
    assert finding.status == "warned"
    assert finding.found.startswith("folds of dead are not stratified") and finding.found.endswith("3+0+3+3+2")


def test_each_repeat_is_judged_by_itself_and_who_is_not_included_is_not_counted():
    participants, folds = folds_with([3, 3, 1, 2])
    assert found_of(participants, folds, count=2).found == "events per fold 3+3; 1+2"
    participants.loc[participants.subject == "s00", "status"] = "excluded"
    assert found_of(participants, folds, count=2).found == "events per fold 2+3; 1+2"


def card(fitted, transformed):
    scores = {"relative_error": fitted, "relative_error_transformed": transformed}
    return ModelCard("a reduction", {}, [], scores=scores)


@pytest.mark.parametrize(("transformed", "status"), [(0.2151, "passed"), (0.215, "passed"), (0.280, "failed")])
def test_a_reduction_whose_weights_leave_more_than_its_fit_fails(transformed, status):
    cards = {"features/dead_0_vaegan": card(0.3, 0.3), "features/dead_4_radiomics": card(0.2151, transformed)}
    finding = reductions(cards=cards | {"latent/vaegan": ModelCard("a network", {}, [])})
    assert finding.status == status and "2 reductions" in finding.found
    assert ("dead_4_radiomics: 0.28 is left, 0.215 by the fit" in finding.found) == (status == "failed")
