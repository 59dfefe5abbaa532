"""Render a page for each participant: slices with outlines, quality checks, volumes, outcomes, status."""

from typing import Any

import pandas as pd

from ichdag.figures.display_names import outcome_name
from ichdag.images import Volume, read_expected, read_mask, read_scan
from ichdag.number_format import format_plain
from ichdag.report.rendering import template
from ichdag.report.slices import histogram, mid_slices

TIMES = {"baseline": "Baseline", "followup": "Follow-up"}
LOW_HU, HIGH_HU, STEP_HU = -1100, 1500, 20
SHOWN_FACTS = {
    "kind": "file",
    "affine": "geometry from",
    "series_number": "DICOM series",
    "kernel": "kernel",
    "slice_thickness_mm": "slice thickness (mm)",
    "tilt_degrees": "gantry tilt, sheared straight (degrees)",
    "resampled": "uneven slices resampled",
    "padding_hu": "padding set to air (HU)",
    "mask_resampled_from": "manual mask resampled from",
    "qform_differs_mm": "qform differs from sform (mm)",
}


def read_images(files: dict[str, str], *, scans: dict[str, Any], volume: dict[str, Any]) -> dict[str, Volume]:
    """Read the images that the records of a participant list, by timepoint and kind (baseline_ct, ...).

    `files` has a path for each; `scans` is the record of the scans, `volume` that of the predicted masks.
    """
    images = {}
    for name, path in files.items():
        timepoint, kind = name.split("_")
        record_kind = {"ct": "ct", "manual": "mask"}.get(kind)
        absent = timepoint in volume["absent"] if kind == "predicted" else record_kind in scans[timepoint]["absent"]
        images[name] = read_expected(path, there=not absent, read=read_scan if kind == "ct" else read_mask)
    return {name: image for name, image in images.items() if image is not None}


def render_participant(
    subject: str,
    *,
    row: dict[str, Any],
    record: dict[str, Any],
    summary: dict[str, Any],
    images: dict[str, Volume],
    outcomes: list[str],
) -> str:
    """Render one page. `row` is that of the sheet, `record` that of the scans, `summary` the result of `summarize`.

    `images` has, by timepoint and kind (baseline_ct, baseline_manual, baseline_predicted, ...), what there is to show.
    """
    times = [_timepoint(time, record[time], images) for time in TIMES]
    return template("participant.html.j2").render(
        subject=subject,
        cohort=row["cohort"],
        role=row["role"],
        status=summary["status"],
        why=None if summary["status"] == "included" else f"{summary['stage']}: {summary['reason']}",
        volumes=_volumes(summary),
        outcomes=[(outcome_name(name), {1: "yes", 0: "no", None: "not known"}[summary[name]]) for name in outcomes],
        times=times,
        axis={"low": LOW_HU, "high": HIGH_HU, "step": STEP_HU},
    )


def render_list(participants: list[dict[str, Any]], *, title: str) -> str:
    """Render the list of all participants with their status, each linked to its page; it can be filtered."""
    return template("participants.html.j2").render(participants=participants, title=title)


def _timepoint(time: str, record: dict[str, Any], images: dict[str, Volume]) -> dict[str, Any]:
    """Collect what the page shows of one scan."""
    scan = images.get(f"{time}_ct")
    masks = {kind: images.get(f"{time}_{kind}") for kind in ("manual", "predicted")}
    facts = record["facts"] | {"kind": record["kind"]}
    return {
        "title": TIMES[time],
        "status": record["status"],
        "reason": record["reason"],
        "warnings": record["warnings"],
        "spacing": record["spacing_mm"],
        "facts": [(words, facts[name]) for name, words in SHOWN_FACTS.items() if facts.get(name) is not None],
        "pictures": [] if scan is None else mid_slices(scan, **masks),
        "histogram": [] if scan is None else histogram(scan, low=LOW_HU, high=HIGH_HU, step=STEP_HU),
        "checks": [_check(row) for row in record["checks"]],
        "series": record["series"],
        "outlined": [name for name, mask in masks.items() if mask is not None],
    }


def _check(row: dict[str, Any]) -> dict[str, str]:
    """Format one check as text."""
    unit = f" {row['unit']}" if row["unit"] else ""
    value = "–" if row["value"] is None else f"{format_plain(row['value'], 3)}{unit}"
    limits = f"{format_plain(row['low'])} to {format_plain(row['high'])}{unit}"
    return {name: row[name] for name in ("check", "meaning", "verdict")} | {"value": value, "limits": limits}


def _volumes(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Format baseline, follow-up and expansion, and their source."""
    names = {"baseline_volume_ml": "baseline", "followup_volume_ml": "follow-up", "expansion_ml": "expansion"}
    texts = [(name, "–" if summary[key] is None else f"{summary[key]:.1f} mL") for key, name in names.items()]
    return [*texts, ("source", summary["volume_source"] or "–")]


def list_rows(participants: pd.DataFrame, pages: dict[str, str]) -> list[dict[str, str | None]]:
    """Build the rows of the list: status of each participant in words, and the path of its page, if any."""
    rows = []
    for participant in participants.to_dict("records"):
        known = {name: value for name, value in participant.items() if not pd.isna(value)}
        row: dict[str, str | None] = {name: str(known[name]) for name in ("subject", "cohort", "role", "status")}
        row["page"] = pages.get(f"sub-{row['subject']}")
        row["why"] = f"{known['stage']}: {known['reason']}" if "stage" in known else ""
        row |= {"followup": known.get("followup_reason", "usable"), "source": known.get("volume_source", "–")}
        for name in ("baseline", "expansion"):
            value = known.get({"baseline": "baseline_volume_ml", "expansion": "expansion_ml"}[name])
            row[name] = "–" if value is None else f"{round(value, 1) + 0.0:.1f}".replace("-", "−")
        rows.append(row)
    return rows
