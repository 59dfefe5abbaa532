"""Checks: what must hold in every study, asked of the results of this one."""

from ichdag.checks.completeness import completeness
from ichdag.checks.finding import Finding, require, tabulate
from ichdag.checks.leakage import leakage
from ichdag.checks.plausibility import Settings, plausibility
from ichdag.checks.truth import truth

__all__ = ["Finding", "Settings", "completeness", "leakage", "plausibility", "require", "tabulate", "truth"]
