"""Checks: test on the results of this study what must hold in every study."""

from ichdag.checks.audit import audit, check_separation
from ichdag.checks.cards import read_cards
from ichdag.checks.completeness import completeness
from ichdag.checks.finding import Finding, require, tabulate
from ichdag.checks.inputs import SCHEMAS
from ichdag.checks.leakage import leakage
from ichdag.checks.oracle import compare_with_oracle
from ichdag.checks.plausibility import ChecksSettings, plausibility
from ichdag.checks.reductions import reductions
from ichdag.checks.schemas import AUDIT, CHECKS
from ichdag.checks.stratification import stratification
from ichdag.checks.training_data import check_training_data
from ichdag.persons import identify_persons

__all__ = [
    "AUDIT",
    "CHECKS",
    "SCHEMAS",
    "ChecksSettings",
    "Finding",
    "audit",
    "check_separation",
    "check_training_data",
    "compare_with_oracle",
    "completeness",
    "identify_persons",
    "leakage",
    "plausibility",
    "read_cards",
    "reductions",
    "require",
    "stratification",
    "tabulate",
]
