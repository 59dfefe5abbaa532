"""Check that lesion volumes are plausible."""

from dataclasses import dataclass

import pandas as pd

from ichdag.checks.finding import Finding, make_finding
from ichdag.number_format import format_plain

PLAUSIBILITY = "plausibility"
VOLUMES = ("baseline_predicted_ml", "followup_predicted_ml")


@dataclass(frozen=True)
class ChecksSettings:
    """Limits of plausible values; config/schemas/checks.schema.json describes every key."""

    max_lesion_ml: float


def plausibility(*, volumes: pd.DataFrame, settings: ChecksSettings) -> list[Finding]:
    """Run all plausibility checks; `volumes` follows its schema."""
    included = volumes[volumes["status"] == "included"]
    long = included.melt("subject", VOLUMES, "scan", "ml").dropna()
    wrong = long[(long["ml"] <= 0) & (long["scan"] == VOLUMES[0]) | (long["ml"] > settings.max_lesion_ml)]
    faults = (f"{row.subject}, {row.scan.split('_')[0]}: {row.ml:.1f} mL" for row in wrong.itertuples())
    largest = format_plain(settings.max_lesion_ml)
    check = f"predicted lesions of included participants are not empty and at most {largest} mL"
    return [make_finding(PLAUSIBILITY, check, faults=faults, of=f"{len(long)} masks")]
