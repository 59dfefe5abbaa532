"""Validate a study before it starts and report all faults at once: of settings, sheet, files, and outcomes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ichdag.cohort.sheet import Sheet, read_sheet, sheet_schema
from ichdag.cohort.validation.cell_faults import cell_faults
from ichdag.cohort.validation.config_faults import config_faults
from ichdag.cohort.validation.fault_table import Fault, format_faults, raise_faults
from ichdag.cohort.validation.file_faults import file_faults
from ichdag.cohort.validation.header_faults import header_faults
from ichdag.cohort.validation.identity_faults import identity_faults
from ichdag.cohort.validation.outcome_faults import outcome_faults
from ichdag.cohort.validation.study_summary import summarize_study
from ichdag.jobs import StudyError

__all__ = [
    "Fault",
    "config_faults",
    "raise_faults",
    "require_valid_settings",
    "sheet_faults",
    "summarize_study",
    "format_faults",
]


def sheet_faults(sheet: Sheet, config: Mapping[str, Any]) -> list[Fault]:
    """List the faults of the sheet: header, cells, ids and persons, files, outcomes that cannot be studied.

    If a required column is missing, only the faults of the header are listed.
    """
    faults = list(header_faults(sheet, config))
    if not set(sheet_schema()["required"]) <= set(sheet.header):
        return faults
    faults += [*cell_faults(sheet), *identity_faults(sheet), *file_faults(sheet), *outcome_faults(sheet, config)]
    return faults


def require_valid_settings(config: Mapping[str, Any]) -> None:
    """Raise StudyError if the settings have faults, together with those of the sheet if it exists."""
    faults = config_faults(config)
    if faults and isinstance(config.get("participants"), str) and Path(config["participants"]).is_file():
        try:
            faults += sheet_faults(read_sheet(config["participants"]), config)
        except StudyError as error:
            faults.append(Fault("participants sheet", str(error), "Mend it; its rows are checked then"))
    raise_faults(faults)
