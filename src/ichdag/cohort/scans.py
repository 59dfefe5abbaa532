"""The final word on a participant's scans before any network sees them: converted, checked, and by whom else shared."""

from typing import Any

import pandas as pd

from ichdag.cohort.quality import QualitySettings, complaints, judge, measure
from ichdag.cohort.schemas import QUALITY, SCAN_CHECKS, SCANS
from ichdag.constants import TIMEPOINTS
from ichdag.images import Volume
from ichdag.jobs import DataFault


def examine(scan: Volume | None, *, converted: dict[str, Any], settings: QualitySettings) -> dict[str, Any]:
    """The record of one timepoint: that of its conversion with the checks of its quality, and the status they give.

    Adds checks (a list, see `judge`) and warnings (sentences). A scan excluded by its conversion is still checked where
    there is one, so that its page shows what it is; the first reason counts.
    """
    record = converted | {"checks": [], "warnings": []}
    if scan is None:
        return record
    try:
        record["checks"] = judge(measure(scan, facts=converted["facts"], settings=settings), settings=settings)
        record["warnings"] = complaints(record["checks"], "warned")
        failed = complaints(record["checks"], "failed")
        if failed:
            raise DataFault("cohort", "; ".join(failed))
    except DataFault as fault:
        if record["status"] == "included":
            record |= {"status": "excluded", "stage": fault.stage, "reason": fault.reason}
    return record


def list_scans(records: list[dict[str, Any]], *, others: pd.DataFrame | None) -> pd.DataFrame:
    """The scans of a role, schema scans: one row a participant and timepoint.

    Nobody can tell whose image it is that two participants share: all who do are excluded, those of a development
    cohort only among themselves (`others` is None), external ones also where a development participant (`others`,
    schema scans) has the image, so that nobody is tested on a scan the models were fitted on.
    """
    rows = [
        {"subject": one["subject"], "timepoint": time} | one[time] | {"warnings": "; ".join(one[time]["warnings"])}
        for one in records
        for time in TIMEPOINTS
    ]
    table = pd.DataFrame(rows, columns=SCANS.column_names)
    table["warnings"] = table["warnings"].where(table["warnings"] != "", None)
    known = pd.concat([table, others])[["subject", "digest"]].dropna().drop_duplicates()
    holders = known.groupby("digest").subject.agg(sorted)
    for place, row in table.iterrows():
        same = [name for name in holders.get(row.digest, []) if name != row.subject] if row.digest else []
        if same and row.status == "included":
            reason = f"the same image as that of: {', '.join(f'sub-{name}' for name in same)}; name the right files"
            table.loc[place, ["status", "stage", "reason"]] = ["excluded", "cohort", reason]
    return table


def list_checks(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Every check of every scan, schema scan_checks: one row a participant, timepoint and check."""
    rows = [
        {"subject": record["subject"], "timepoint": time} | check
        for record in records
        for time in TIMEPOINTS
        for check in record[time]["checks"]
    ]
    return pd.DataFrame(rows, columns=SCAN_CHECKS.column_names)


def sum_up_checks(checks: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """What the checks (schema scan_checks) found in each role and timepoint, schema quality."""
    known = checks.merge(participants[["subject", "role"]], on="subject")
    rows = []
    for (role, timepoint, check), group in known.groupby(["role", "timepoint", "check"], sort=False):
        values, verdicts = group.value.dropna(), group.verdict.value_counts()
        row = {"role": role, "timepoint": timepoint, "check": check}
        row |= group.iloc[0][["unit", "low", "high"]].to_dict() | {"n": len(values)}
        row |= {"median": values.median(), "smallest": values.min(), "largest": values.max()}
        rows.append(row | {name: int(verdicts.get(name, 0)) for name in ("warned", "failed")})
    return pd.DataFrame(rows, columns=QUALITY.column_names)
