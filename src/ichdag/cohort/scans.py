"""Scans of the participants: their quality is checked, and scans that two participants share are excluded."""

from dataclasses import replace

import pandas as pd

from ichdag.cohort.quality import QualitySettings, apply_limits, describe_checks, measure_quality
from ichdag.cohort.schemas import QUALITY, SCAN_CHECKS, SCANS
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.scan_records import CheckedScan, ConvertedScan, ScanRecord


def check_scan(scan: Volume | None, *, converted: ConvertedScan, settings: QualitySettings) -> CheckedScan:
    """Check the quality of one converted scan: the result has its checks, its warnings and the status they give.

    A scan that was excluded by its conversion is still checked where there is one, so that its page shows what it is;
    the first reason counts.
    """
    checked = CheckedScan(**vars(converted), checks=[], warnings=[])
    if scan is None:
        return checked
    try:
        rows = apply_limits(measure_quality(scan, facts=converted.facts, settings=settings), settings=settings)
        checked = replace(checked, checks=rows, warnings=describe_checks(rows, "warned"))
        failed = describe_checks(rows, "failed")
        if failed:
            raise DataFault("cohort", "; ".join(failed))
    except DataFault as fault:
        if checked.status == "included":
            return replace(checked, status="excluded", stage=fault.stage, reason=fault.reason)
    return checked


def list_scans(records: list[ScanRecord], *, others: pd.DataFrame | None) -> pd.DataFrame:
    """List the scans of a role, schema scans: one row for each participant and timepoint.

    If two participants have the same image, nobody can know whose it is: both are excluded. Development participants
    are compared among themselves (`others` is None), external ones also with the development participants (`others`,
    schema scans), so that no model is tested on a scan that it was fitted on.
    """
    rows = [
        {"subject": record.subject, "timepoint": timepoint} | vars(scan) | {"warnings": "; ".join(scan.warnings)}
        for record in records
        for timepoint, scan in record.scans.items()
    ]
    table = pd.DataFrame(rows, columns=SCANS.column_names)
    table["warnings"] = table["warnings"].where(table["warnings"] != "", None)
    known = pd.concat([table, others])[["subject", "digest"]].dropna().drop_duplicates()
    holders = known.groupby("digest").subject.agg(sorted)
    for index, row in table.iterrows():
        same = [name for name in holders.get(row.digest, []) if name != row.subject] if row.digest else []
        if same and row.status == "included":
            reason = f"the same image as that of: {', '.join(f'sub-{name}' for name in same)}; name the right files"
            table.loc[index, ["status", "stage", "reason"]] = ["excluded", "cohort", reason]
    return table


def list_checks(records: list[ScanRecord]) -> pd.DataFrame:
    """List every check of every scan, schema scan_checks: one row for each participant, timepoint and check."""
    rows = [
        {"subject": record.subject, "timepoint": timepoint} | check
        for record in records
        for timepoint, scan in record.scans.items()
        for check in scan.checks
    ]
    return pd.DataFrame(rows, columns=SCAN_CHECKS.column_names)


def summarize_checks(checks: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """Summarize each check (schema scan_checks) by role and timepoint, schema quality."""
    known = checks.merge(participants[["subject", "role"]], on="subject")
    rows = []
    for (role, timepoint, check), group in known.groupby(["role", "timepoint", "check"], sort=False):
        values = group.value.dropna()
        verdicts = group.verdict.value_counts()
        row = {"role": role, "timepoint": timepoint, "check": check}
        row |= group.iloc[0][["unit", "low", "high"]].to_dict() | {"n": len(values)}
        row |= {"median": values.median(), "smallest": values.min(), "largest": values.max()}
        rows.append(row | {name: int(verdicts.get(name, 0)) for name in ("warned", "failed")})
    return pd.DataFrame(rows, columns=QUALITY.column_names)
