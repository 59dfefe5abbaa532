"""Every check finds its fault in a drawn head and lets a good one pass; images that two participants share go out."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from ichdag.cohort.quality import apply_limits, measure_quality
from ichdag.cohort.quality.check_descriptions import CHECKS
from ichdag.cohort.scans import check_scan, list_checks, list_scans, summarize_checks
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.scan_records import ScanRecord


@pytest.fixture
def record(limits, converted_scan):
    """The record of a scan."""
    return lambda scan, **facts: check_scan(scan, converted=converted_scan(facts=facts), settings=limits)


def verdicts(record):
    return {row["check"]: row["verdict"] for row in record.checks}


def test_a_good_scan_passes_every_check(record, brain_scan):
    facts = {"slice_thickness_mm": 5.0, "contrast_agent": False, "axes_differ_mm": 0.0}
    found = record(brain_scan[0], onset_to_ct_hours=2.0, **facts)
    assert found.status == "included" and found.warnings == []
    wanted = dict.fromkeys(CHECKS, "passed") | {"followup_hours": "not measured"}
    assert verdicts(found) == wanted


def test_noise_is_measured_in_hu(record, brain_scan):
    row = next(row for row in record(brain_scan[0]).checks if row["check"] == "noise_hu")
    assert row["value"] == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (lambda hu: np.zeros_like(hu), "every voxel is 0"),
        (lambda hu: np.clip((hu + 1000) / 2000 * 255, 0, 255), "scaled to 0-255"),
        (lambda hu: np.clip((hu + 1000) / 2000, 0, 1), "scaled to 0-1"),
        (lambda hu: hu + 1024, "stored values without the intercept -1024"),
        (
            lambda hu: np.where(hu < -100, hu + 1000, np.where(hu < 100, (hu + 100) * 11 + 900, hu + 3000)),
            "Cormack units",
        ),
        (lambda hu: np.clip(hu, -100, 100), "not in HU: values from -100 to 100"),
        (lambda hu: np.where(hu < -500, 0, hu), "the air around the head was set to 0"),
        (lambda hu: np.where((hu > 0) & (hu < 100), hu, 0), "the air around the head was set to 0"),
        (lambda hu: np.where(hu < -500, 0, np.clip((hu + 10) * 255 / 100, 1, 255)), "scaled to 0-255"),
        (lambda hu: np.where(hu < -500, 0, hu + 1024), "stored values without the intercept"),
    ],
)
def test_values_that_are_not_hu_are_recognized(record, brain_scan, scale, words):
    found = record(Volume(scale(brain_scan[0].values).astype(np.float32), brain_scan[0].affine))
    assert found.status == "excluded" and words in found.reason


def test_a_scan_of_air_and_a_bright_speck_has_no_head(record, brain_scan):
    values = np.full_like(brain_scan[0].values, -1000)
    values[5, 5, 5] = 1200
    assert "no head" in record(Volume(values, brain_scan[0].affine)).reason


def brighter(values, hu):
    values[values > -500] += hu
    return values


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("air_hu", lambda v: np.where(v < -500, v + 250, v)),
        ("brain_hu", lambda v: brighter(v, 35)),
        ("brain_hu", lambda v: brighter(v, -25)),
        ("vertex_cut", lambda v: v[:, :, :26]),
        ("base_cut", lambda v: v[:, :, 18:]),
        ("covered_mm", lambda v: v[:, :, 20:]),
    ],
)
def test_a_scan_outside_the_limits_is_left_out_by_that_check(record, brain_scan, check, change):
    values = change(brain_scan[0].values.copy())
    affine = brain_scan[0].affine.copy()
    if check in ("base_cut", "covered_mm"):
        affine[2, 3] += 5.0 * (36 - values.shape[2])
    found = record(Volume(values, affine))
    assert found.status == "excluded" and verdicts(found)[check] == "failed" and check in found.reason


def noisy(values):
    return values + np.random.default_rng(1).normal(0, 20, values.shape) * (values > -500)


def moved(values):
    values[:, :, 20:] = np.roll(values[:, :, 20:], 8, axis=0)
    return values


def streaked(values):
    """Lines of 4 mm from a point in the mouth, every 12 degrees, 300 HU bright."""
    i, j = np.meshgrid(*map(np.arange, values.shape[:2]), indexing="ij")
    x, y = 2.0 * (i - 47.5), 2.0 * (j - 75.5)
    way = np.round(np.degrees(np.arctan2(y, x)) / 12) * np.pi / 15
    line = np.abs(x * np.sin(way) - y * np.cos(way)) < 2
    values[line & (np.hypot(x, y) > 10), 4:12] += 300
    return values


def clipped_vessel(values):
    values[46:50, 50:60, 14:22] = 3000
    return values


def enhanced(values):
    values[36:44, 40:60, 15:22] = 180
    return values


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("noise_hu", noisy),
        ("motion_mm", moved),
        ("streak_hu", streaked),
        ("metal_ml", clipped_vessel),
        ("enhanced_ml", enhanced),
    ],
)
def test_an_artifact_marks_the_scan_and_leaves_it_in(record, brain_scan, check, change):
    found = record(Volume(change(brain_scan[0].values.copy()).astype(np.float32), brain_scan[0].affine))
    assert found.status == "included" and verdicts(found)[check] == "warned"
    assert any(check in sentence for sentence in found.warnings)


def measured(record, values, affine, check):
    rows = record(Volume(values.astype(np.float32), affine)).checks
    return next(row["value"] for row in rows if row["check"] == check)


@pytest.mark.parametrize("voxels", [3, 4])
def test_motion_is_how_far_the_head_went(record, brain_scan, voxels):
    values = brain_scan[0].values.copy()
    values[:, :, 20:] = np.roll(values[:, :, 20:], voxels, axis=1)
    assert measured(record, values, brain_scan[0].affine, "motion_mm") == pytest.approx(2 * voxels, abs=0.7)


def test_a_turn_of_the_head_between_slices_is_motion(record, brain_scan):
    values = ndimage.gaussian_filter(brain_scan[0].values, (1, 1, 0))  # the drawn edges are sharper than a scanner's
    values[:, :, 20:] = ndimage.rotate(values[:, :, 20:], 7, axes=(0, 1), reshape=False, order=1, cval=-1000)
    way = np.deg2rad(7) * 80  # at the rim
    assert measured(record, values, brain_scan[0].affine, "motion_mm") == pytest.approx(way, rel=0.15)


def test_a_tilted_head_has_neither_motion_nor_streaks(record, brain_scan):
    values, affine = brain_scan[0].values, brain_scan[0].affine
    angle, middle = np.deg2rad(15), (np.array(values.shape) - 1) / 2
    tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    steps = np.diag([2.0, 2.0, 5.0])
    way = np.linalg.inv(steps) @ tilt @ steps
    tilted = ndimage.affine_transform(values, way, offset=middle - way @ middle, order=1, cval=-1000)
    assert measured(record, tilted, affine, "motion_mm") < 3
    assert measured(record, tilted, affine, "streak_hu") < 30


def test_a_blanket_a_headrest_and_hair_are_no_streaks(record, brain_scan):
    values = brain_scan[0].values.copy()
    away = ndimage.distance_transform_edt(values < -500, sampling=[2, 2, 1e6])
    random = np.random.default_rng(4)
    values[(away > 0) & (away < 8)] += random.uniform(0, 400, ((away > 0) & (away < 8)).sum())
    behind = np.arange(values.shape[1])[None, :, None] < 45
    blanket = behind & (away > 4) & (away < 24)
    values[blanket] = random.uniform(-950, -600, blanket.sum())
    assert measured(record, values, brain_scan[0].affine, "streak_hu") < 70


@pytest.mark.parametrize(
    ("facts", "check", "status"),
    [
        ({"slice_thickness_mm": 2.5}, "slice_gap_mm", "included"),
        ({"numbers_per_slice": 2}, "slice_gap_mm", "included"),
        ({"contrast_agent": True}, "contrast_agent", "included"),
        ({"onset_to_ct_hours": 30.0}, "onset_to_ct_hours", "excluded"),
        ({"followup_hours": 100.0}, "followup_hours", "excluded"),
    ],
)
def test_what_is_known_beside_the_voxels_is_checked(record, brain_scan, facts, check, status):
    found = record(brain_scan[0], **facts)
    assert found.status == status and verdicts(found)[check] == ("warned" if status == "included" else "failed")


@pytest.mark.parametrize(("stretch", "check"), [([2.2, 1, 1, 1], "in_plane_mm"), ([1, 1, 2, 1], "slice_step_mm")])
def test_coarse_sampling_is_left_out(limits, brain_scan, stretch, check):
    coarse = Volume(brain_scan[0].values, brain_scan[0].affine @ np.diag(stretch))
    rows = {
        row["check"]: row["verdict"]
        for row in apply_limits(measure_quality(coarse, facts={}, settings=limits), settings=limits)
    }
    assert rows[check] == "failed"


def test_a_scan_that_was_left_out_before_keeps_that_reason_and_is_still_measured(limits, brain_scan, converted_scan):
    converted = converted_scan(status="excluded", stage="cohort", reason="manual mask is empty")
    found = check_scan(brain_scan[0], converted=converted, settings=limits)
    assert found.reason == "manual mask is empty" and len(found.checks) == len(CHECKS)


def test_a_table_and_a_head_holder_are_no_part_of_the_head(brain_scan):
    from ichdag.heads import cover, find_head

    scan = brain_scan[0]
    clean = cover(find_head(scan, head_hu=-300), scan.values.shape)
    values = scan.values.copy()
    values[:, 4:6] = 100  # a table top of 4 mm behind the head
    values[46:49, :20, :] = 150  # a holder that touches it
    found = cover(find_head(Volume(values, scan.affine), head_hu=-300), scan.values.shape)
    assert not found[:, 4:6][:40].any()
    agreement = 2 * (found & clean).sum() / (found.sum() + clean.sum())
    assert agreement > 0.98
    assert ndimage.label(found)[1] == 1


@pytest.fixture
def records(checked_scan):
    """Make records of participants by the digest of their baseline image."""

    def make(**digests):
        missing = checked_scan(status="excluded", stage="cohort", reason="no scan in the sheet", digest=None)
        scans = {name: checked_scan(digest=digest, warnings=["streaks"]) for name, digest in digests.items()}
        return [ScanRecord(name, baseline, missing) for name, baseline in scans.items()]

    return make


def test_an_image_that_two_participants_share_leaves_both_out(records):
    table = list_scans(records(a="1", b="2", c="1"), others=None)
    baseline = table[table.timepoint == "baseline"].set_index("subject")
    assert baseline.status.to_dict() == {"a": "excluded", "b": "included", "c": "excluded"}
    assert "sub-c" in baseline.reason["a"] and "sub-a" in baseline.reason["c"]


def test_an_external_participant_with_an_image_of_development_is_left_out(records):
    development = list_scans(records(a="1", b="2"), others=None)
    external = list_scans(records(x="2", y="3"), others=development)
    assert external.status.tolist()[::2] == ["excluded", "included"] and "sub-b" in external.reason[0]
    assert development.status.tolist()[::2] == ["included", "included"]


def test_checks_are_summed_up_by_role(record, brain_scan):
    good = record(brain_scan[0])
    bad = record(Volume(noisy(brain_scan[0].values).astype(np.float32), brain_scan[0].affine))
    people = [ScanRecord("a", good, record(None)), ScanRecord("b", bad, record(None))]
    participants = pd.DataFrame({"subject": ["a", "b"], "role": ["development"] * 2})
    table = summarize_checks(list_checks(people), participants).set_index("check")
    assert len(table) == len(CHECKS)
    noise = table.loc["noise_hu"]
    assert (noise.n, noise.warned, noise.failed) == (2, 1, 0) and noise.smallest < 4 < noise.largest


def test_a_scan_the_model_was_not_made_for_is_refused_with_every_reason(limits, brain_scan):
    from ichdag.cohort.quality import require_quality

    values = brighter(brain_scan[0].values[:, :, 18:].copy(), 40)
    with pytest.raises(DataFault) as caught:
        require_quality(Volume(values, brain_scan[0].affine), facts={}, settings=limits)
    assert "brain_hu" in caught.value.reason and "base_cut" in caught.value.reason
