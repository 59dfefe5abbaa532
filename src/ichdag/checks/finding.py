"""One finding of a check, the table of all, and the refusal of a study that leaks."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from ichdag.jobs import StudyError

SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """What must hold (`check`), whether it does, and what was found; follows schema checks."""

    kind: str
    check: str
    status: str
    found: str


def judge(kind: str, check: str, *, faults: Iterable[str], of: str) -> Finding:
    """Passed if there are no faults, else failed with the first of them; `of` says what was looked at."""
    faults = list(faults)
    if not faults:
        return Finding(kind, check, "passed", of)
    more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return Finding(kind, check, "failed", f"{count} in {of}: {'; '.join(faults[:SHOWN])}{more}")


def tabulate(findings: Iterable[Finding]) -> pd.DataFrame:
    """The checks table."""
    return pd.DataFrame([asdict(finding) for finding in findings])


def require(checks: pd.DataFrame) -> dict[str, int]:
    """How many checks ended how. Raises StudyError if one that guards against leakage failed."""
    leaks = checks[(checks["kind"] == "leakage") & (checks["status"] == "failed")]
    if len(leaks):
        lines = "\n  ".join(f"{row.check}: {row.found}" for row in leaks.itertuples())
        raise StudyError(f"the results leak and must not be read; see results/checks/checks.tsv\n  {lines}")
    return {status: int((checks["status"] == status).sum()) for status in ("passed", "failed", "skipped")}
