"""The cohort table: every participant once, with status, stage and reason, volumes, covariates and outcomes."""

from typing import Any

import pandas as pd

from ichdag.cohort.outcomes import outcome_of
from ichdag.cohort.sheet import FILES, Row, subject_of, typed_columns

COLUMNS = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml", "volume_source")


def assemble(
    rows: list[Row],
    *,
    scans: pd.DataFrame,
    volumes: pd.DataFrame,
    features: pd.DataFrame,
    outcomes: dict[str, str],
    source: str,
) -> pd.DataFrame:
    """Join the sheet with what every image stage found; follows schema participants.

    `scans`, `volumes`, `features` follow those schemas; `source` is config cohort.volumes. A participant is
    excluded at the first stage that could not go on; an outcome whose columns are missing is missing.
    """
    by_scan = scans.set_index(["subject", "timepoint"])
    by_volume = volumes.set_index("subject")
    by_feature = features.set_index("subject")
    sheet = pd.DataFrame(typed_columns(rows)).drop(columns=[*FILES, "participant_id", *COLUMNS], errors="ignore")
    found = []
    for row in rows:
        subject = subject_of(row)
        stages = [by_scan.loc[(subject, "baseline")], by_volume.loc[subject], by_feature.loc[subject]]
        record = _status(stages) | {"followup_reason": by_scan.loc[(subject, "followup"), "reason"]}
        record |= _volumes(row, scans=by_scan.loc[subject], predicted=by_volume.loc[subject], source=source)
        record |= {name: outcome_of(text, row | record) for name, text in outcomes.items()}
        found.append({"subject": subject} | record)
    table = pd.concat([pd.DataFrame(found), sheet], axis=1)
    return table.astype(dict.fromkeys(outcomes, "Int64"))


def count_flow(participants: pd.DataFrame, *, outcomes: list[str]) -> pd.DataFrame:
    """How many of each cohort were enrolled, excluded (by stage and reason), included, and have each outcome."""
    found = []
    for (cohort, role), table in participants.groupby(["cohort", "role"], sort=False):
        included = table[table.status == "included"]
        excluded = table[table.status == "excluded"]
        steps = [("enrolled", None, len(table))]
        steps += [("excluded", reason, len(group)) for reason, group in excluded.groupby(_short_reason(excluded))]
        steps += [("included", None, len(included))]
        for name in outcomes:
            steps += [("with outcome", name, int(included[name].notna().sum()))]
            steps += [("with event", name, int((included[name] == 1).sum()))]
        found += [{"cohort": cohort, "role": role, "step": step, "reason": why, "n": n} for step, why, n in steps]
    return pd.DataFrame(found)


def _status(stages: list[pd.Series]) -> dict[str, Any]:
    """Status of the first stage that excluded the participant; the features table is a stage of its own."""
    for stage in stages:
        if stage.status == "excluded":
            return {"status": "excluded", "stage": stage.get("stage", "radiomics"), "reason": stage.reason}
    return {"status": "included", "stage": None, "reason": None}


def _volumes(row: Row, *, scans: pd.DataFrame, predicted: pd.Series, source: str) -> dict[str, Any]:
    """Both volumes from one source, so that their difference is a growth and not two readers' difference.

    ASSUME: manual only where both scans have a manual mask; with no follow-up, the baseline's own best source.
    """
    usable = scans.status == "included"
    manual = scans.manual_volume_ml.where(usable)
    if source == "sheet":
        pair, name = (row.get("baseline_volume_ml"), row.get("followup_volume_ml")), "sheet"
    elif manual.notna().all() or (not usable["followup"] and pd.notna(manual["baseline"])):
        pair, name = (manual["baseline"], manual["followup"]), "manual"
    else:
        pair, name = (predicted.baseline_predicted_ml, predicted.followup_predicted_ml), "predicted"
    baseline, followup = (None if value is None or pd.isna(value) else float(value) for value in pair)
    growth = None if baseline is None or followup is None else followup - baseline
    return dict(zip(COLUMNS, (baseline, followup, growth, None if baseline is None else name), strict=False))


def _short_reason(excluded: pd.DataFrame) -> pd.Series:
    """Stage and the reason up to its first detail, so that equal reasons are counted together."""
    return (
        excluded.stage
        + ": "
        + excluded.reason.str.split(r"[:;]", regex=True).str[0].str.replace(r"\S*\d\S*\s?", "", regex=True)
    )
