"""Checks: what must hold in every study, asked of the results of this one."""

from ichdag.checks.audit import audit, persons_of, sides
from ichdag.checks.cards import read_cards
from ichdag.checks.completeness import completeness
from ichdag.checks.currency import currency
from ichdag.checks.finding import Finding, require, tabulate
from ichdag.checks.leakage import leakage
from ichdag.checks.plausibility import Settings, plausibility
from ichdag.checks.reading import READ
from ichdag.checks.reductions import reductions
from ichdag.checks.schemas import AUDIT, CHECKS
from ichdag.checks.stratification import stratification
from ichdag.checks.truth import truth

__all__ = [
    "AUDIT",
    "CHECKS",
    "READ",
    "Finding",
    "Settings",
    "audit",
    "completeness",
    "currency",
    "leakage",
    "persons_of",
    "plausibility",
]
__all__ += ["read_cards", "reductions", "require", "sides", "stratification", "tabulate", "truth"]
