"""The cohort table: every participant once, with status, stage and reason, volumes, covariates and outcomes."""

from typing import Any

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import columns_of, judge_outcome, outcome_of
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.cohort.sheet import FILES, Row, subject_of, typed_columns
from ichdag.nonfinite import describe_nonfinite

COLUMNS = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml", "volume_source")
ASIDE = ("participant_id", "baseline_series", "followup_series", "followup_hours")


def assemble(
    rows: list[Row],
    *,
    scans: pd.DataFrame,
    volumes: pd.DataFrame,
    features: pd.DataFrame,
    latents: pd.DataFrame,
    outcomes: dict[str, str],
    source: str,
) -> pd.DataFrame:
    """Join the sheet with what every image stage found; follows schema participants.

    `scans`, `volumes`, `features`, `latents` follow those schemas; `source` is config cohort.volumes. A participant is
    excluded at the first stage that could not go on, one with infinite features at that which made them; an outcome
    whose columns are missing is missing.
    """
    by_scan = {(row["subject"], row["timepoint"]): row for row in scans.to_dict("records")}
    by_volume = {row["subject"]: row for row in volumes.to_dict("records")}
    by_feature = {row["subject"]: row for row in judge_features(features).to_dict("records")}
    by_latent = {row["subject"]: row for row in latents.to_dict("records")}
    sheet = pd.DataFrame(typed_columns(rows)).drop(columns=[*FILES, *ASIDE, *COLUMNS], errors="ignore")
    found = []
    for row in rows:
        subject = subject_of(row)
        pair = {time: by_scan[subject, time] for time in ("baseline", "followup")}
        found.append({"subject": subject} | summarize(
            row, scans=pair, volume=by_volume[subject], feature=by_feature[subject], latent=by_latent.get(subject),
            outcomes=outcomes, source=source
        ))  # fmt: skip
    table = pd.concat([pd.DataFrame(found), sheet], axis=1)
    if not rows:  # a role that nobody has: the columns without a row
        table = pd.DataFrame(columns=[*PARTICIPANTS.column_names, "followup_reason", *outcomes])
    return table.astype(dict.fromkeys(outcomes, "Int64"))


def summarize(
    row: Row,
    *,
    scans: dict[str, dict[str, Any]],
    volume: dict[str, Any],
    feature: dict[str, Any],
    latent: dict[str, Any] | None,
    outcomes: dict[str, str],
    source: str,
) -> dict[str, Any]:
    """One participant's place in the study: status, stage, reason, followup_reason, volumes and outcomes.

    `row` is that of the sheet, `scans` has the record of each timepoint, `volume`, `feature` and `latent` those of the
    segmentation, the radiomics and the latent stage, the last None where no latents were computed.
    """
    record = _status([scans["baseline"], volume, feature, *([latent] if latent else [])]) | {
        "followup_reason": scans["followup"]["reason"]
    }
    record |= _volumes(row, scans=scans, predicted=volume, source=source)
    return record | {name: outcome_of(text, row | record) for name, text in outcomes.items()}


def judge_features(features: pd.DataFrame) -> pd.DataFrame:
    """Subject, status and reason of a table of features; whoever has an infinite one is excluded."""
    found = features[["subject", "status", "reason"]].astype(object)
    values = features.drop(columns=list(found)).select_dtypes("number")
    cells = values.to_numpy(dtype=np.float64, na_value=np.nan)
    for place in np.flatnonzero(np.isinf(cells).any(axis=1) & (found.status == "included").to_numpy()):
        reason = describe_nonfinite(cells[place], what="features", names=list(values), may_lack=True)
        found.loc[found.index[place], ["status", "reason"]] = ["excluded", reason]
    return found


def _status(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Status of the first stage that excluded the participant; the features table is a stage of its own."""
    for stage in stages:
        if stage["status"] == "excluded":
            return {"status": "excluded", "stage": stage.get("stage", "radiomics"), "reason": stage["reason"]}
    return {"status": "included", "stage": None, "reason": None}


def _volumes(row: Row, *, scans: dict[str, dict[str, Any]], predicted: dict[str, Any], source: str) -> dict[str, Any]:
    """Both volumes from one source, so that their difference is a growth and not two readers' difference.

    ASSUME: manual only where both scans have a manual mask; with no follow-up, the baseline's own best source.
    A follow-up that was left out (bad scan, outside the window) gives no volume, whatever the source.
    """
    usable = {time: scans[time]["status"] == "included" for time in ("baseline", "followup")}
    manual = {time: scans[time]["manual_volume_ml"] if usable[time] else None for time in usable}
    known = {time: value is not None and not pd.isna(value) for time, value in manual.items()}
    if source == "sheet":
        pair, name = (row.get("baseline_volume_ml"), row.get("followup_volume_ml")), "sheet"
    elif all(known.values()) or (not usable["followup"] and known["baseline"]):
        pair, name = (manual["baseline"], manual["followup"]), "manual"
    else:
        pair, name = (predicted["baseline_predicted_ml"], predicted["followup_predicted_ml"]), "predicted"
        pair = (pair[0], pair[1] if usable["followup"] else None)
    baseline, followup = (None if value is None or pd.isna(value) else float(value) for value in pair)
    growth = None if baseline is None or followup is None else followup - baseline
    return dict(zip(COLUMNS, (baseline, followup, growth, None if baseline is None else name), strict=False))


def count_flow(participants: pd.DataFrame, *, outcomes: dict[str, str]) -> pd.DataFrame:
    """Count who of each cohort was enrolled, excluded (by stage and reason) and included.

    For each outcome: how many have it, with how many events, and how many lack it, for which reason. `outcomes` are
    names with expressions.
    """
    found = []
    for (cohort, role), table in participants.groupby(["cohort", "role"], sort=False):
        included = table[table.status == "included"]
        excluded = table[table.status == "excluded"]
        steps = [("enrolled", None, None, len(table))]
        why = excluded.stage + ": " + _short(excluded.reason)
        steps += [("excluded", None, reason, len(group)) for reason, group in excluded.groupby(why)]
        steps += [("included", None, None, len(included))]
        for name, expression in outcomes.items():
            known = included[name].notna()
            steps += [("with outcome", name, None, int(known.sum()))]
            steps += [("with event", name, None, int((included[name] == 1).sum()))]
            lacking = _missing_reason(included[~known], expression)
            steps += [("without outcome", name, reason, len(group)) for reason, group in lacking.groupby(lacking)]
        keys = {"cohort": cohort, "role": role}
        found += [keys | {"step": step, "outcome": name, "reason": why, "n": n} for step, name, why, n in steps]
    return pd.DataFrame(found)


def _missing_reason(lacking: pd.DataFrame, expression: str) -> pd.Series:
    """Return why each of these participants lacks an outcome.

    It is what is wrong with the follow-up, the missing column, or what the expression cannot compute.
    """
    needs_followup = bool({"expansion_ml", "followup_volume_ml"} & columns_of(expression))
    gaps = [judge_outcome(expression, row)[1] for row in lacking.to_dict("records")]
    found = pd.Series(gaps, index=lacking.index, dtype="object")
    if needs_followup:
        reasons = "follow-up: " + _short(lacking.followup_reason)
        found = reasons.where(lacking.followup_reason.notna(), found)
    return found


def _short(reasons: pd.Series) -> pd.Series:
    """Reasons up to their first detail, without numbers, so that equal ones are counted together."""
    first = reasons.astype("string").str.split(r"[:;]", regex=True).str[0]
    return first.str.replace(r"\S*\d\S*\s?", "", regex=True).astype("object")
