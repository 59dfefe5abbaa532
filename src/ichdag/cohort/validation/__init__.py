"""Everything that can be wrong with a study before it starts, found at once: settings, sheet, files, outcomes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ichdag.cohort.sheet import Sheet, read_sheet, sheet_schema
from ichdag.cohort.validation.cells import cell_faults
from ichdag.cohort.validation.faults import Fault, refuse, table_of
from ichdag.cohort.validation.files import file_faults
from ichdag.cohort.validation.header import header_faults
from ichdag.cohort.validation.outcomes import outcome_faults
from ichdag.cohort.validation.people import people_faults
from ichdag.cohort.validation.settings import config_faults
from ichdag.cohort.validation.summary import summary_of
from ichdag.jobs import StudyError

__all__ = ["Fault", "config_faults", "refuse", "refuse_settings", "sheet_faults", "summary_of", "table_of"]


def sheet_faults(sheet: Sheet, config: Mapping[str, Any]) -> list[Fault]:
    """Faults of the sheet: header, cells, ids and persons, files, outcomes that cannot be studied.

    Without the columns that every sheet must have, the header alone is judged.
    """
    found = list(header_faults(sheet, config))
    if not set(sheet_schema()["required"]) <= set(sheet.header):
        return found
    found += [*cell_faults(sheet), *people_faults(sheet), *file_faults(sheet), *outcome_faults(sheet, config)]
    return found


def refuse_settings(config: Mapping[str, Any]) -> None:
    """Raise StudyError if the settings have faults, with those of the sheet too if there is one already."""
    found = config_faults(config)
    if found and isinstance(config.get("participants"), str) and Path(config["participants"]).is_file():
        try:
            found += sheet_faults(read_sheet(config["participants"]), config)
        except StudyError as error:
            found.append(Fault("participants sheet", str(error), "Mend it; its rows are judged then"))
    refuse(found)
