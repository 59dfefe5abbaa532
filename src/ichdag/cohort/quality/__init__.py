"""Quality control of one scan: named checks, each with what was measured, its limits, and what follows."""

from dataclasses import dataclass
from typing import Any

from ichdag.cohort.quality.artifacts import measure_artifacts
from ichdag.cohort.quality.coverage import measure_coverage
from ichdag.cohort.quality.intensity import brain_voxels, measure_intensity, refuse_other_units
from ichdag.cohort.quality.words import CHECKS
from ichdag.heads import find_head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain


@dataclass(frozen=True)
class QualitySettings:
    """Limits of each check (low, high), those that only warn, and the HU above which tissue is; see the schema."""

    limits: dict[str, list[float]]
    only_warn: list[str]
    head_hu: float


def measure(scan: Volume, *, facts: dict[str, Any], settings: QualitySettings) -> dict[str, float | None]:
    """What each check measures on a scan in HU; None where it cannot be measured.

    `facts` is what else is known of it: the tag slice_thickness_mm, numbers_per_slice, contrast_agent, axes_differ_mm
    of a NIfTI header, and hours. Raises DataFault if the scan is not in HU at all, or shows no head: then nothing else
    can be said of it.
    """
    refuse_other_units(scan)
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        raise DataFault("cohort", f"no head: no tissue above {format_plain(settings.head_hu)} HU holds together")
    brain = brain_voxels(head)
    found = measure_intensity(head, brain) | measure_coverage(scan, head, facts)
    found |= measure_artifacts(scan, head, facts, brain=brain)
    return found | {name: facts.get(name) for name in ("axes_differ_mm", "onset_to_ct_hours", "followup_hours")}


def judge(measured: dict[str, float | None], *, settings: QualitySettings) -> list[dict[str, Any]]:
    """Each check as a row: check, value, low, high, unit, verdict, meaning; in the order of CHECKS."""
    rows = []
    for name, words in CHECKS.items():
        value = measured.get(name)
        low, high = settings.limits[name]
        verdict = "not measured" if value is None else "passed"
        if value is not None and not low <= value <= high:
            verdict = "warned" if name in settings.only_warn else "failed"
        row = {"check": name, "value": value, "low": low, "high": high, "unit": words.unit, "verdict": verdict}
        rows.append(row | {"meaning": words.meaning})
    return rows


def complaints(rows: list[dict[str, Any]], verdict: str) -> list[str]:
    """A sentence for each row of that verdict: what is wrong, the value, the limit it breaks."""
    found = []
    for row in rows:
        if row["verdict"] == verdict:
            words, high = CHECKS[row["check"]], row["value"] > row["high"]
            limit = f"limit {format_plain(row['high' if high else 'low'])}"
            unit = f" {row['unit']}" if row["unit"] else ""
            found.append(
                f"{words.above if high else words.below}: {row['check']} {format_plain(row['value'], 4)}{unit}, {limit}"
            )
    return found


def require_quality(scan: Volume, *, facts: dict[str, Any], settings: QualitySettings) -> list[dict[str, Any]]:
    """The checks of a scan. Raises DataFault naming every one that failed."""
    rows = judge(measure(scan, facts=facts, settings=settings), settings=settings)
    failed = complaints(rows, "failed")
    if failed:
        raise DataFault("cohort", "; ".join(failed))
    return rows
