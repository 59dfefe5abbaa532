"""Every participant ends in one place, volumes come from one source, and the flow adds up."""

import pandas as pd
import pytest

from ichdag.cohort.outcomes import evaluate_outcome
from ichdag.cohort.participants_table import build_participants_table, count_flow, summarize_participant
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.tables import read_table, write_table

NOBODY = pd.DataFrame(columns=["subject", "status", "stage", "reason"])
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
    found = {"scans": pd.DataFrame(scans), "volumes": volumes, "features": features, "latents": NOBODY}
    return build_participants_table(rows, **found, outcomes=OUTCOMES, source="masks").set_index("subject")


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
    flow = count_flow(table.reset_index(), outcomes=OUTCOMES)
    n = flow.groupby("step").n.sum()
    assert n["enrolled"] == n["included"] + n["excluded"] == 4
    assert flow[flow.step == "with outcome"].set_index("outcome").n.to_dict() == {"poor_outcome": 2, "grown": 2}
    for outcome in OUTCOMES:
        own = flow[flow.outcome == outcome].groupby("step").n.sum()
        assert own["with outcome"] + own.get("without outcome", 0) == n["included"]
        assert own["with event"] <= own["with outcome"]


def test_whoever_lacks_an_outcome_is_counted_with_the_reason():
    """A missing covariate, a follow-up that was left out, a volume that is not known."""
    people = pd.DataFrame(
        {
            **{"subject": list("abcd"), "cohort": "trial", "role": "development", "status": "included"},
            **{"stage": None, "reason": None, "mrs": [5, None, 2, 1], "expansion_ml": [1.0, None, None, 5.0]},
            "followup_reason": [None, "follow-up too late: followup_hours 90 h, limit 72", None, None],
            "poor_outcome": [1, None, 0, 0],
            "grown": [0, None, None, 1],
        }
    )
    flow = count_flow(people, outcomes=OUTCOMES)
    lacking = flow[flow.step == "without outcome"].set_index(["outcome", "reason"]).n.to_dict()
    assert lacking == {
        ("poor_outcome", "mrs missing"): 1,
        ("grown", "follow-up: follow-up too late"): 1,
        ("grown", "expansion_ml missing"): 1,
    }


def test_whoever_an_outcome_cannot_be_computed_for_is_counted_with_the_part_that_has_no_value():
    people = pd.DataFrame(
        {
            **{"subject": list("abcd"), "cohort": "trial", "role": "development", "status": "included"},
            **{"stage": None, "reason": None, "followup_reason": None, "expansion_ml": [1.0, 2.0, None, 0.1]},
            **{"baseline_volume_ml": [0.0, 4.0, 5.0, 0.0]},
        }
    )
    third = "expansion_ml / baseline_volume_ml > 0.33"
    people["third"] = [evaluate_outcome(third, row) for row in people.to_dict("records")]
    flow = count_flow(people, outcomes={"third": third})
    assert flow.set_index("step").n[["with outcome", "with event"]].tolist() == [1, 1]
    assert flow[flow.step == "without outcome"].set_index("reason").n.to_dict() == {
        "expansion_ml / baseline_volume_ml divides by zero": 2,
        "expansion_ml missing": 1,
    }


def test_a_follow_up_that_was_left_out_gives_no_volume_whatever_the_source():
    row = {"participant_id": "sub-a", "cohort": "trial", "role": "development", "mrs": 2.0}
    pair = {time: scan("a", time, manual=10.0) for time in ("baseline", "followup")}
    pair["followup"] |= {"status": "excluded", "stage": "cohort", "reason": "follow-up too late: 90 h"}
    volume = {"status": "included", "baseline_predicted_ml": 9.0, "followup_predicted_ml": 20.0}
    found = {"scans": pair, "volume": volume, "feature": {"status": "included"}, "latent": None}
    summary = summarize_participant(row, **found, outcomes=OUTCOMES, source="masks")
    assert summary["status"] == "included" and summary["volume_source"] == "manual"
    assert summary["followup_volume_ml"] is None and summary["grown"] is None and summary["poor_outcome"] == 0


def test_a_role_that_nobody_has_is_a_table_without_rows(tmp_path):
    none = {"scans": ["subject", "timepoint"], "volumes": ["subject"], "features": ["subject", "status", "reason"]}
    none |= {"latents": list(NOBODY)}
    empty = {name: pd.DataFrame(columns=columns) for name, columns in none.items()}
    table = build_participants_table([], **empty, outcomes=OUTCOMES, source="masks")
    write_table(table, tmp_path / "external.tsv", PARTICIPANTS)
    assert len(read_table(tmp_path / "external.tsv", PARTICIPANTS)) == 0 and set(OUTCOMES) <= set(table)
