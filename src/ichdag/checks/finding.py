"""Findings of checks, their table, and the error for a study with leakage."""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from ichdag.jobs import StudyError

LOGGER = logging.getLogger("ichdag")
MAX_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """What must hold (`check`), whether it holds, and what was found; follows schema checks."""

    kind: str
    check: str
    status: str
    found: str


def make_finding(kind: str, check: str, *, faults: Iterable[str], of: str) -> Finding:
    """Create a finding: passed without faults, else failed with the first of them; `of` says what was checked."""
    faults = list(faults)
    if not faults:
        return Finding(kind, check, "passed", of)
    more = f" and {len(faults) - MAX_SHOWN} more" if len(faults) > MAX_SHOWN else ""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return Finding(kind, check, "failed", f"{count} in {of}: {'; '.join(faults[:MAX_SHOWN])}{more}")


def tabulate(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return the checks table, and log each finding."""
    findings = list(findings)
    LOGGER.info("\n".join(f"{finding.status}: {finding.check} ({finding.found})" for finding in findings))
    return pd.DataFrame([asdict(finding) for finding in findings])


def require(checks: pd.DataFrame) -> dict[str, int]:
    """Count the checks by result. Raises StudyError if a leakage check failed."""
    leaks = checks[(checks["kind"] == "leakage") & (checks["status"] == "failed")]
    if len(leaks):
        lines = "\n  ".join(f"{row.check}: {row.found}" for row in leaks.itertuples())
        raise StudyError(f"the results leak and must not be read; see results/checks/checks.tsv\n  {lines}")
    return {status: int((checks["status"] == status).sum()) for status in ("passed", "failed", "skipped")}
