"""Every participant ends in one place, volumes come from one source, and the flow adds up."""

import pandas as pd
import pytest

from ichdag.cohort.assembly import assemble, count_flow

OUTCOMES = {"poor_outcome": "mrs > 3", "grown": "expansion_ml > 3"}


def scan(subject, timepoint, reason=None, manual=None):
    status = "excluded" if reason else "included"
    stage = "cohort" if reason else None
    return {"subject": subject, "timepoint": timepoint, "status": status, "stage": stage, "reason": reason} | {
        "manual_volume_ml": manual
    }


@pytest.fixture
def table():
    """Four participants: manual volumes, predicted follow-up, no usable scan, no features."""
    names = ["a", "b", "c", "d"]
    mrs = [5.0, 1.0, 2.0, None]
    rows = [
        {"participant_id": f"sub-{name}", "cohort": "trial", "role": "development", "mrs": grade}
        for name, grade in zip(names, mrs, strict=True)
    ]
    scans = [scan("a", "baseline", manual=10.0), scan("a", "followup", manual=14.0)]
    scans += [scan("b", "baseline", manual=10.0), scan("b", "followup")]
    scans += [scan("c", "baseline", reason="empty scan: every voxel is 0"), scan("c", "followup")]
    scans += [scan("d", "baseline"), scan("d", "followup", reason="no scan in the sheet")]
    volumes = pd.DataFrame({"subject": names, "status": ["included", "included", "excluded", "included"]})
    volumes["stage"], volumes["reason"] = None, None
    volumes["baseline_predicted_ml"], volumes["followup_predicted_ml"] = [9.0, 8.0, None, 3.0], [9.5, 9.0, None, None]
    features = pd.DataFrame({"subject": names, "status": ["included", "included", "excluded", "excluded"]})
    features["reason"] = [None, None, "no mask", "lesion too small"]
    return assemble(
        rows, scans=pd.DataFrame(scans), volumes=volumes, features=features, outcomes=OUTCOMES, source="masks"
    ).set_index("subject")


def test_the_first_stage_that_could_not_go_on_gives_the_reason(table):
    assert table.status.tolist() == ["included", "included", "excluded", "excluded"]
    assert table.loc["c", "stage"] == "cohort" and "every voxel is 0" in table.loc["c", "reason"]
    assert table.loc["d", "stage"] == "radiomics"


def test_both_volumes_come_from_one_source(table):
    assert table.loc["a", ["volume_source", "expansion_ml"]].tolist() == ["manual", 4.0]
    assert table.loc["b", ["volume_source", "baseline_volume_ml", "expansion_ml"]].tolist() == ["predicted", 8.0, 1.0]


def test_a_missing_follow_up_is_missing_in_its_outcomes_only(table):
    assert pd.isna(table.loc["d", "grown"]) and table.loc["d", "followup_reason"] == "no scan in the sheet"
    assert table.grown.tolist()[:2] == [1, 0] and table.poor_outcome.tolist()[:3] == [1, 0, 0]


def test_the_flow_adds_up(table):
    flow = count_flow(table.reset_index(), outcomes=list(OUTCOMES))
    n = flow.groupby("step").n.sum()
    assert n["enrolled"] == n["included"] + n["excluded"] == 4
    assert flow[flow.step == "with outcome"].set_index("reason").n.to_dict() == {"poor_outcome": 2, "grown": 2}
