"""Quality control of one scan: named checks, each with a measured value, its limits and a verdict."""

from dataclasses import dataclass
from typing import Any

from ichdag.cohort.quality.artifacts import measure_artifacts
from ichdag.cohort.quality.check_descriptions import CHECKS
from ichdag.cohort.quality.coverage import measure_coverage
from ichdag.cohort.quality.intensity import brain_voxels, measure_intensity, refuse_other_units
from ichdag.heads import find_head
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.number_format import format_plain


@dataclass(frozen=True)
class QualitySettings:
    """Limits of each check (low, high), the checks that only warn, and the HU above which there is tissue."""

    limits: dict[str, list[float]]
    only_warn: list[str]
    head_hu: float


def measure_quality(scan: Volume, *, facts: dict[str, Any], settings: QualitySettings) -> dict[str, float | None]:
    """Measure the values of all checks on a scan in HU; None where a value cannot be measured.

    `facts` is what is known of the scan apart from its voxels: slice_thickness_mm, numbers_per_slice and contrast_agent
    of DICOM headers, axes_differ_mm of a NIfTI header, onset_to_ct_hours, followup_hours. Raises DataFault if the scan
    is not in HU, or shows no head: then nothing else can be measured.
    """
    refuse_other_units(scan)
    head = find_head(scan, head_hu=settings.head_hu)
    if not head.inside.any():
        raise DataFault("cohort", f"no head: no tissue above {format_plain(settings.head_hu)} HU holds together")
    brain = brain_voxels(head)
    values = measure_intensity(head, brain) | measure_coverage(scan, head, facts)
    values |= measure_artifacts(scan, head, facts, brain=brain)
    return values | {name: facts.get(name) for name in ("axes_differ_mm", "onset_to_ct_hours", "followup_hours")}


def apply_limits(measured: dict[str, float | None], *, settings: QualitySettings) -> list[dict[str, Any]]:
    """Compare each value with its limits: a row (check, value, low, high, unit, verdict, meaning) for each check."""
    rows = []
    for name, text in CHECKS.items():
        value = measured.get(name)
        low, high = settings.limits[name]
        verdict = "not measured" if value is None else "passed"
        if value is not None and not low <= value <= high:
            verdict = "warned" if name in settings.only_warn else "failed"
        row = {"check": name, "value": value, "low": low, "high": high, "unit": text.unit, "verdict": verdict}
        rows.append(row | {"meaning": text.meaning})
    return rows


def describe_checks(rows: list[dict[str, Any]], verdict: str) -> list[str]:
    """Describe each check with this verdict in a sentence: what is wrong, the value, and the limit it exceeds."""
    sentences = []
    for row in rows:
        if row["verdict"] == verdict:
            is_above = row["value"] > row["high"]
            problem = CHECKS[row["check"]].above if is_above else CHECKS[row["check"]].below
            limit = f"limit {format_plain(row['high' if is_above else 'low'])}"
            unit = f" {row['unit']}" if row["unit"] else ""
            sentences.append(f"{problem}: {row['check']} {format_plain(row['value'], 4)}{unit}, {limit}")
    return sentences


def require_quality(scan: Volume, *, facts: dict[str, Any], settings: QualitySettings) -> list[dict[str, Any]]:
    """Return the checks of a scan. Raises DataFault naming every check that failed."""
    rows = apply_limits(measure_quality(scan, facts=facts, settings=settings), settings=settings)
    failed = describe_checks(rows, "failed")
    if failed:
        raise DataFault("cohort", "; ".join(failed))
    return rows
