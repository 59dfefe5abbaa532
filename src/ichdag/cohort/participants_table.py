"""Build the participants table: one row each, with status, stage and reason, volumes, covariates and outcomes."""

from typing import Any

import numpy as np
import pandas as pd

from ichdag.cohort.outcomes import evaluate_outcome, evaluate_outcome_with_reason, expression_columns
from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.cohort.sheet import FILES, Row, subject_of, typed_columns
from ichdag.nonfinite import describe_nonfinite

VOLUME_COLUMNS = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml", "volume_source")
UNUSED_COLUMNS = ("participant_id", "baseline_series", "followup_series", "followup_hours")


def build_participants_table(
    rows: list[Row],
    *,
    scans: pd.DataFrame,
    volumes: pd.DataFrame,
    features: pd.DataFrame,
    latents: pd.DataFrame,
    outcomes: dict[str, str],
    source: str,
) -> pd.DataFrame:
    """Join the sheet with the results of the image stages; the table follows schema participants.

    `scans`, `volumes`, `features`, `latents` follow those schemas; `source` is config cohort.volumes. A participant is
    excluded at the first stage that excluded the scan, one with infinite features at the stage that computed them. An
    outcome is missing if one of its columns is.
    """
    by_scan = {(row["subject"], row["timepoint"]): row for row in scans.to_dict("records")}
    by_volume = {row["subject"]: row for row in volumes.to_dict("records")}
    by_feature = {row["subject"]: row for row in feature_status(features).to_dict("records")}
    by_latent = {row["subject"]: row for row in latents.to_dict("records")}
    sheet = pd.DataFrame(typed_columns(rows)).drop(columns=[*FILES, *UNUSED_COLUMNS, *VOLUME_COLUMNS], errors="ignore")
    records = []
    for row in rows:
        subject = subject_of(row)
        summary = summarize_participant(
            row,
            scans={time: by_scan[subject, time] for time in ("baseline", "followup")},
            volume=by_volume[subject],
            feature=by_feature[subject],
            latent=by_latent.get(subject),
            outcomes=outcomes,
            source=source,
        )
        records.append({"subject": subject} | summary)
    table = pd.concat([pd.DataFrame(records), sheet], axis=1)
    if not rows:  # no participant has this role: only the columns
        table = pd.DataFrame(columns=[*PARTICIPANTS.column_names, "followup_reason", *outcomes])
    return table.astype(dict.fromkeys(outcomes, "Int64"))


def summarize_participant(
    row: Row,
    *,
    scans: dict[str, dict[str, Any]],
    volume: dict[str, Any],
    feature: dict[str, Any],
    latent: dict[str, Any] | None,
    outcomes: dict[str, str],
    source: str,
) -> dict[str, Any]:
    """Summarize one participant: status, stage, reason, followup_reason, volumes and outcomes.

    `row` is that of the sheet. `scans` has a record for each timepoint; `volume`, `feature` and `latent` are the
    records of the stages segmentation, radiomics and latent (None if no latents were computed).
    """
    record = _status([scans["baseline"], volume, feature, *([latent] if latent else [])]) | {
        "followup_reason": scans["followup"]["reason"]
    }
    record |= _volumes(row, scans=scans, predicted=volume, source=source)
    return record | {name: evaluate_outcome(text, row | record) for name, text in outcomes.items()}


def feature_status(features: pd.DataFrame) -> pd.DataFrame:
    """Return subject, status and reason of a table of features; participants with infinite features are excluded."""
    status = features[["subject", "status", "reason"]].astype(object)
    values = features.drop(columns=list(status)).select_dtypes("number")
    cells = values.to_numpy(dtype=np.float64, na_value=np.nan)
    for position in np.flatnonzero(np.isinf(cells).any(axis=1) & (status.status == "included").to_numpy()):
        reason = describe_nonfinite(cells[position], what="features", names=list(values), may_lack=True)
        status.loc[status.index[position], ["status", "reason"]] = ["excluded", reason]
    return status


def _status(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the status of the first stage that excluded the participant; features without a stage are radiomics."""
    for stage in stages:
        if stage["status"] == "excluded":
            return {"status": "excluded", "stage": stage.get("stage", "radiomics"), "reason": stage["reason"]}
    return {"status": "included", "stage": None, "reason": None}


def _volumes(row: Row, *, scans: dict[str, dict[str, Any]], predicted: dict[str, Any], source: str) -> dict[str, Any]:
    """Choose both volumes from one source, so that their difference is growth and not a difference between readers.

    ASSUME: manual volumes are used if both scans have a manual mask, or if the baseline has one and there is no usable
    follow-up. A follow-up that was excluded (bad scan, outside the time window) has no volume, except in the sheet.
    """
    usable = {time: scans[time]["status"] == "included" for time in ("baseline", "followup")}
    manual = {time: scans[time]["manual_volume_ml"] if usable[time] else None for time in usable}
    known = {time: value is not None and not pd.isna(value) for time, value in manual.items()}
    if source == "sheet":
        volumes = [row.get("baseline_volume_ml"), row.get("followup_volume_ml")]
        name = "sheet"
    elif all(known.values()) or (not usable["followup"] and known["baseline"]):
        volumes = [manual["baseline"], manual["followup"]]
        name = "manual"
    else:
        followup_ml = predicted["followup_predicted_ml"] if usable["followup"] else None
        volumes = [predicted["baseline_predicted_ml"], followup_ml]
        name = "predicted"
    baseline, followup = (None if value is None or pd.isna(value) else float(value) for value in volumes)
    growth = None if baseline is None or followup is None else followup - baseline
    return dict(zip(VOLUME_COLUMNS, (baseline, followup, growth, None if baseline is None else name), strict=False))


def count_flow(participants: pd.DataFrame, *, outcomes: dict[str, str]) -> pd.DataFrame:
    """Count the participants of each cohort in the flow diagram; follows schema flow.

    The steps are enrolled, excluded (by stage and reason) and included, and for each outcome with outcome, with event
    and without outcome (by reason). `outcomes` are names with expressions.
    """
    counts = []
    for (cohort, role), table in participants.groupby(["cohort", "role"], sort=False):
        included = table[table.status == "included"]
        excluded = table[table.status == "excluded"]
        steps: list[tuple[str, str | None, str | None, int]] = [("enrolled", None, None, len(table))]
        reasons = excluded.stage + ": " + _shorten(excluded.reason)
        steps += [("excluded", None, reason, len(group)) for reason, group in excluded.groupby(reasons)]
        steps += [("included", None, None, len(included))]
        for name, expression in outcomes.items():
            known = included[name].notna()
            steps += [("with outcome", name, None, int(known.sum()))]
            steps += [("with event", name, None, int((included[name] == 1).sum()))]
            lacking = _missing_reason(included[~known], expression)
            steps += [("without outcome", name, reason, len(group)) for reason, group in lacking.groupby(lacking)]
        keys = {"cohort": cohort, "role": role}
        counts += [keys | {"step": step, "outcome": name, "reason": reason, "n": n} for step, name, reason, n in steps]
    return pd.DataFrame(counts)


def _missing_reason(lacking: pd.DataFrame, expression: str) -> pd.Series:
    """Say why each of these participants lacks an outcome.

    It is a fault of the follow-up, a missing column, or a part of the expression that has no value.
    """
    needs_followup = bool({"expansion_ml", "followup_volume_ml"} & expression_columns(expression))
    gaps = [evaluate_outcome_with_reason(expression, row)[1] for row in lacking.to_dict("records")]
    reasons = pd.Series(gaps, index=lacking.index, dtype="object")
    if needs_followup:
        followup_reasons = "follow-up: " + _shorten(lacking.followup_reason)
        reasons = followup_reasons.where(lacking.followup_reason.notna(), reasons)
    return reasons


def _shorten(reasons: pd.Series) -> pd.Series:
    """Cut reasons at their first detail and remove numbers, so that equal reasons are counted together."""
    first = reasons.astype("string").str.split(r"[:;]", regex=True).str[0]
    return first.str.replace(r"\S*\d\S*\s?", "", regex=True).astype("object")
