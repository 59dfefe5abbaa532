"""Summarize a study without faults before anything is computed, with warnings."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ichdag.cohort.outcomes import VOLUMES
from ichdag.cohort.sheet import FILES, SERIES, Row, Sheet, column_schema
from ichdag.cohort.validation.file_faults import SINGLE_DICOM_FILE, kind_of
from ichdag.cohort.validation.outcome_faults import class_counts, is_decided_by_the_sheet, readable_outcomes

ADULT_YEARS = 18
PATIENT_ROLES = ("development", "external")


def summarize_study(sheet: Sheet, config: Mapping[str, Any]) -> str:
    """Summarize participants, files, outcomes and further columns of a sheet without faults, then list warnings."""
    lines = [f"No faults: {len(sheet.rows)} participants in {sheet.path}"]
    cohorts = Counter((row["role"], row["cohort"]) for row in sheet.rows)
    lines += _block("participants", (f"{role:12} {cohort}: {n}" for (role, cohort), n in sorted(cohorts.items())))
    lines += _block("files", _file_lines(sheet.rows))
    lines += _block("outcomes", _outcome_lines(sheet.rows, config))
    further = [name for name in sheet.header if name and not column_schema(name)]
    lines += _block("further columns, kept", further)
    return "\n".join([*lines, *_block("warnings", study_warnings(sheet, config))])


def study_warnings(sheet: Sheet, config: Mapping[str, Any]) -> list[str]:
    """List warnings: what is no fault but may be a mistake."""
    rows = sheet.rows
    warnings = []
    roles = {row["role"] for row in rows}
    warnings += [f"no participant has the role {role}" for role in PATIENT_ROLES if role not in roles]
    if not any(row.get("followup_ct") for row in rows):
        warnings.append("no participant has a follow-up scan: expansion cannot come from masks")
    if not any(row.get("baseline_mask") for row in rows if row["role"] == "development"):
        warnings.append("no development participant has a manual mask: the networks cannot be trained")
    without_scan = [row["participant_id"] for row in rows if not row.get("baseline_ct")]
    if without_scan:
        warnings.append(f"{_some(without_scan)} without baseline_ct will be excluded")
    single_files = [
        row["participant_id"]
        for row in rows
        for column in SERIES
        if kind_of(row.get(column) or "") == SINGLE_DICOM_FILE
    ]
    if single_files:
        warnings.append(
            f"{_some(single_files)} whose scan is one DICOM file, which is a whole scan only if it is multi-frame"
        )
    minors = [row["participant_id"] for row in rows if row.get("age") is not None and row["age"] < ADULT_YEARS]
    if minors:
        warnings.append(f"{_some(minors)} younger than {ADULT_YEARS} years")
    return [*warnings, *_outcome_warnings(rows, config)]


def _outcome_warnings(rows: list[Row], config: Mapping[str, Any]) -> Iterator[str]:
    for name, expression in readable_outcomes(config).items():
        if not is_decided_by_the_sheet(expression, config):
            continue
        for role in PATIENT_ROLES:
            members = [row for row in rows if row["role"] == role]
            counts = class_counts(expression, members)
            if counts[None] > len(members) / 2:
                yield f"outcome {name} is missing for {counts[None]} of {len(members)} {role} participants"
            elif members and role == "external" and not (counts[0] and counts[1]):
                yield f"outcome {name} has one class only in the external cohort: its AUC is not defined"


def _file_lines(rows: list[Row]) -> Iterator[str]:
    for column in FILES:
        kinds = Counter(kind_of(row[column]) for row in rows if row.get(column))
        counts = ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
        yield f"{column:14} {sum(kinds.values())} of {len(rows)}" + (f" ({counts})" if counts else "")


def _outcome_lines(rows: list[Row], config: Mapping[str, Any]) -> Iterator[str]:
    for name, expression in readable_outcomes(config).items():
        if not is_decided_by_the_sheet(expression, config):
            yield f"{name} ({expression}): decided by {', '.join(VOLUMES[:2])} of the masks"
            continue
        for role in PATIENT_ROLES:
            members = [row for row in rows if row["role"] == role]
            counts = class_counts(expression, members)
            if members or role == "development":
                yield f"{name} ({expression}), {role}: {counts[1]} with, {counts[0]} without, {counts[None]} missing"


def _some(subjects: list[str]) -> str:
    names = ", ".join(subjects[:3]) + (f" and {len(subjects) - 3} more" if len(subjects) > 3 else "")
    return f"{len(subjects)} participant{'s' if len(subjects) > 1 else ''} ({names})"


def _block(title: str, lines: Iterable[str]) -> list[str]:
    lines = list(lines)
    return [title, *(f"  {line}" for line in lines)] if lines else []
