"""List faults of the header: columns that are missing, repeated, misspelled, or named like a result."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ichdag.cohort.schemas import PARTICIPANTS
from ichdag.cohort.sheet import Sheet, known_columns, sheet_schema
from ichdag.cohort.validation.fault_table import Fault


def header_faults(sheet: Sheet, config: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the faults of the header. A column of the sheet must not have the name of a computed column."""
    where = f"sheet {sheet.path}, header"
    present = [name for name in sheet.header if name]
    missing = [name for name in sheet_schema()["required"] if name not in present]
    if missing:
        finding = f"missing columns {', '.join(missing)}; found {', '.join(present)}"
        yield Fault(where, finding, "Add them; resources/participants.tsv has all")
    for name, count in Counter(present).items():
        if count > 1:
            yield Fault(where, f"column '{name}' is there {count} times", "Keep one, or rename the others")
    outcomes = config.get("outcomes")
    outcome_names = outcomes if isinstance(outcomes, Mapping) else ()
    computed = set(PARTICIPANTS.column_names) | {"expansion_ml", "followup_reason", *outcome_names}
    spellings = {_spelling(name): name for name in known_columns()}
    for name in dict.fromkeys(present):
        known = spellings.get(_spelling(name), name)
        if known != name:
            yield Fault(where, f"column '{name}' is not spelled as '{known}'", f"Rename it to {known}")
        elif name in computed - set(known_columns()):
            yield Fault(where, f"column '{name}' has the name of a result", f"Rename it, such as {name}_given")


def _spelling(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
