"""Masks come back to the scan's own grid with the right volume, and are scored in millimeters."""

import numpy as np
import pytest
from scipy import ndimage

from ichdag.arrays import file_digest, write_arrays, write_store
from ichdag.file_errors import DamagedResult
from ichdag.images import Volume, is_absent, read_mask, write_absent, write_image
from ichdag.jobs import DataFault, StudyError
from ichdag.scan_records import ScanRecord
from ichdag.segmentation.native_grid import MaskSettings, resample_to_native
from ichdag.segmentation.native_masks import write_native_masks
from ichdag.segmentation.scores import dice, hd95_mm

SETTINGS = MaskSettings(threshold=0.5, min_component_ml=0.1)
GRID, EDGE_MM = 32, 180 / 32


def ellipsoid(points, radii_mm, center_mm=(0, 0, 0)):
    """Signed depth of an ellipsoid: 0.5 on its surface, 1 well inside, 0 well outside, a voxel of 5.6 mm wide."""
    axes = zip(np.moveaxis(points, -1, 0), center_mm, radii_mm, strict=True)
    distance = np.sqrt(sum(((x - middle) / radius) ** 2 for x, middle, radius in axes))
    return np.clip(0.5 + (1 - distance) * min(radii_mm) / EDGE_MM, 0, 1)


def points_of(affine, shape):
    return np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]


def grid_affine():
    affine = np.diag([EDGE_MM, EDGE_MM, EDGE_MM, 1.0])
    affine[:3, 3] = -EDGE_MM * (GRID - 1) / 2
    return affine


@pytest.fixture
def native():
    """Affine and shape of an anisotropic scan, tilted by 8 degrees."""
    turn = np.radians(8)
    matrix = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    affine, shape = np.eye(4), (96, 96, 32)
    affine[:3, :3] = matrix @ np.diag([2.3, 2.3, 4.8])
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine, shape


@pytest.mark.parametrize("radii_mm", [(20, 16, 14), (30, 22, 25), (14, 14, 14)])
def test_an_ellipsoid_keeps_its_volume_on_an_anisotropic_oblique_scan(native, radii_mm):
    probability = Volume(ellipsoid(points_of(grid_affine(), (GRID,) * 3), radii_mm), grid_affine())
    mask = resample_to_native(probability, affine=native[0], shape=native[1], settings=SETTINGS)
    truth = 4 / 3 * np.pi * np.prod(radii_mm) / 1000
    assert mask.values.shape == native[1] and mask.values.dtype == bool
    assert mask.volume_ml == pytest.approx(truth, rel=0.05)
    exact = Volume(ellipsoid(points_of(*native), radii_mm) >= 0.5, native[0])
    assert dice(mask, manual=exact) > 0.95


@pytest.mark.parametrize("volume_ml", [1.1, 5.0, 30.0])
@pytest.mark.parametrize("tilt_degrees", [0, 18])
@pytest.mark.parametrize("spacing", [(0.5, 0.5, 5.0), (0.9, 0.9, 1.2), (0.45, 0.45, 2.5)])
def test_a_mask_drawn_on_the_grid_of_the_paper_comes_back_with_its_volume(volume_ml, tilt_degrees, spacing):
    """Known shapes on 128^3 voxels of 1.75 mm, brought to anisotropic and tilted scans: right to within 2 %."""
    edge, size = 1.75, 128
    grid = np.diag([edge, edge, edge, 1.0])
    grid[:3, 3] = -edge * (size - 1) / 2
    radii = np.array([1.0, 1.25, 0.8]) * (3 * volume_ml * 1000 / 4 / np.pi) ** (1 / 3)
    center = np.array([31.3, -12.7, 8.1])
    low, high = (np.rint((center + sign * (radii.max() + 4) - grid[:3, 3]) / edge).astype(int) for sign in (-1, 1))
    part = np.eye(4)
    part[:3, 3] = low
    drawn = np.zeros((size,) * 3, dtype=np.float32)
    box = tuple(map(slice, low, high))
    places = points_of(grid @ part, tuple(high - low))
    drawn[box] = (((places - center) / radii) ** 2).sum(axis=-1) <= 1
    turn = np.radians(tilt_degrees)
    affine = np.eye(4)
    affine[:3, :3] = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]] * np.array(spacing)
    shape = tuple(np.rint(150 / np.array(spacing)).astype(int))
    affine[:3, 3] = [20, -10, 5] - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    back = resample_to_native(Volume(drawn, grid), affine=affine, shape=shape, settings=MaskSettings(0.5, 0.1))
    points = points_of(affine, shape)[back.values]
    assert back.volume_ml == pytest.approx(drawn.sum() * edge**3 / 1000, rel=0.005)
    assert back.volume_ml == pytest.approx(volume_ml, rel=0.03)
    assert np.abs(points.mean(axis=0) - center).max() < 0.2 * max(spacing)


def test_a_lesion_stays_where_it_is(native):
    probability = Volume(ellipsoid(points_of(grid_affine(), (GRID,) * 3), (15, 15, 15), (30, -20, 10)), grid_affine())
    mask = resample_to_native(probability, affine=native[0], shape=native[1], settings=SETTINGS)
    center = points_of(*native)[mask.values].mean(axis=0)
    assert center == pytest.approx([30, -20, 10], abs=1)


def test_isolated_specks_are_dropped(native):
    values = ellipsoid(points_of(grid_affine(), (GRID,) * 3), (20, 20, 20))
    values[2, 2, 2] = 0.8
    specked = Volume(values, grid_affine())
    mask = resample_to_native(specked, affine=native[0], shape=native[1], settings=MaskSettings(0.5, 1.0))
    assert ndimage.label(mask.values)[1] == 1
    assert resample_to_native(specked, affine=native[0], shape=native[1], settings=MaskSettings(0.5, 0)).volume_ml > (
        mask.volume_ml
    )


def test_no_probability_gives_an_empty_mask(native):
    nothing = Volume(np.zeros((GRID,) * 3, np.float32), grid_affine())
    assert not resample_to_native(nothing, affine=native[0], shape=native[1], settings=SETTINGS).values.any()


def box(low, high, shape=(20, 20, 20)):
    values = np.zeros(shape, dtype=bool)
    values[tuple(map(slice, low, high))] = True
    return Volume(values, np.diag([1.0, 1.0, 3.0, 1.0]))


def test_dice_and_surface_distance_of_known_boxes():
    manual = box((5, 5, 5), (11, 11, 11))
    assert dice(manual, manual=manual) == 1 and hd95_mm(manual, manual=manual) == 0
    moved = box((5, 5, 7), (11, 11, 13))
    assert dice(moved, manual=manual) == pytest.approx(4 / 6)
    assert hd95_mm(moved, manual=manual) == pytest.approx(6)
    assert np.isnan(hd95_mm(box((0, 0, 0), (0, 0, 0)), manual=manual))


def test_surface_distance_agrees_with_monai():
    import torch
    from monai.metrics import compute_hausdorff_distance

    random = np.random.default_rng(1)
    smooth = [ndimage.gaussian_filter(random.normal(size=(20, 20, 20)), 3) for _ in range(2)]
    mask, manual = (Volume(field > 0.02, np.diag([1.0, 1.0, 3.0, 1.0])) for field in smooth)
    tensors = [torch.from_numpy(volume.values[None, None].astype(np.float32)) for volume in (mask, manual)]
    theirs = compute_hausdorff_distance(*tensors, include_background=True, percentile=95, spacing=[1.0, 1.0, 3.0])
    assert hd95_mm(mask, manual=manual) == pytest.approx(theirs.item(), abs=1.0)


def test_a_manual_mask_on_another_grid_is_refused():
    with pytest.raises(DataFault, match="not on the scan's grid"):
        dice(box((1, 1, 1), (3, 3, 3)), manual=box((1, 1, 1), (3, 3, 3), shape=(20, 20, 21)))


@pytest.fixture
def restored(native, checked_scan, tmp_path):
    """Restore a participant whose baseline lesion has a radius, with or without scans: (record, mask paths)."""

    def run(radius_mm, *, manual=True, source="predicted", baseline=True, fitting=True, probabilities=None, told=None):
        affine, shape = native
        places = {"affine": grid_affine(), "native_affine": affine, "native_shape": np.array(shape)}
        times = ["followup", *(["baseline"] if baseline else [])]
        write_arrays(tmp_path / "g.npz", **{f"{time}_{key}": value for time in times for key, value in places.items()})
        points = points_of(grid_affine(), (GRID,) * 3)
        lesion = np.rint(255 * ellipsoid(points, (max(radius_mm, 1e-3),) * 3) * (radius_mm > 0)).astype(np.uint8)
        names = ["followup/dual", *(["baseline/dual", "baseline/single"] if baseline else [])]
        own = file_digest(tmp_path / "g.npz") if fitting else np.zeros(32, np.uint8)
        write_store(tmp_path / "b.h5", [("S1/grids", own), *((f"S1/{name}", lesion) for name in names)])
        files = {
            "grids": tmp_path / "g.npz",
            "probabilities": probabilities or tmp_path / "b.h5",
            "baseline_mask": tmp_path / "m.nii.gz",
        }
        if manual:
            write_image(Volume(ellipsoid(points_of(*native), (20,) * 3) >= 0.5, affine), files["baseline_mask"])
        else:
            write_absent(files["baseline_mask"])
        masks = {time: tmp_path / f"{time}.nii.gz" for time in ("baseline", "followup")}
        absent = ({} if manual else {"mask": "none"}) if told is None else told
        scan = checked_scan(status="included" if baseline else "excluded", absent=absent)
        record = write_native_masks(
            "S1",
            files=files,
            masks_to=masks,
            scans=ScanRecord("S1", scan, checked_scan()),
            networks={"folds": {"S1": 3}},
            settings=SETTINGS,
            min_lesion_ml=1.0,
            source=source,
        )
        return record, masks

    return run


def test_a_participant_gets_masks_volumes_and_the_scores_of_both_networks(restored):
    record, masks = restored(20)
    assert (record["status"], record["fold"]) == ("included", "3")
    assert record["baseline_predicted_ml"] == pytest.approx(33.5, rel=0.05)
    assert read_mask(masks["baseline"]).volume_ml == pytest.approx(record["baseline_predicted_ml"], rel=1e-3)
    assert set(record["variants"]) == {"dual", "single"}
    assert record["variants"]["dual"]["dice"] > 0.95
    assert record["variants"]["dual"]["manual_ml"] == pytest.approx(33.5, rel=0.05)


def test_probabilities_of_other_grids_are_refused(restored):
    with pytest.raises(StudyError, match=r"sub-S1: the probabilities in .*b.h5 are not those of .*g.npz"):
        restored(20, fitting=False)


def test_without_a_manual_mask_only_the_volume_is_known(restored):
    record, _ = restored(20, manual=False)
    assert record["status"] == "included"
    assert record["variants"]["dual"]["dice"] is None and record["variants"]["dual"]["predicted_ml"] > 30


@pytest.mark.parametrize(
    ("radius_mm", "more", "reason"),
    [
        (0, {}, "no hematoma in the predicted baseline mask"),
        (5, {}, "hematoma below 1 mL in the predicted baseline mask"),
        (20, {"baseline": False}, "no usable baseline scan"),
        (20, {"manual": False, "source": "manual"}, "no usable manual mask of the baseline scan"),
    ],
)
def test_a_participant_without_a_lesion_is_left_out_with_the_reason(restored, radius_mm, more, reason):
    record, _ = restored(radius_mm, **more)
    assert (record["status"], record["stage"], record["reason"]) == ("excluded", "segmentation", reason)


def test_an_excluded_scan_has_no_mask_and_the_record_says_why(restored):
    record, masks = restored(20, baseline=False)
    assert is_absent(masks["baseline"]) and not is_absent(masks["followup"])
    assert record["absent"] == {"baseline": "no usable baseline scan"}


def test_a_store_that_lacks_a_usable_scan_is_an_error_and_excludes_nobody(restored, tmp_path):
    restored(20)
    write_store(tmp_path / "other.h5", [("S1/grids", file_digest(tmp_path / "g.npz"))])
    with pytest.raises(DamagedResult, match=r"other\.h5 cannot be read.*it lacks S1/baseline/dual"):
        restored(20, probabilities=tmp_path / "other.h5")


@pytest.mark.parametrize("told", [True, False])
def test_a_manual_mask_that_contradicts_the_record_is_an_error(restored, tmp_path, told):
    with pytest.raises(DamagedResult, match=r"m\.nii\.gz cannot be read.*where its record says that there is"):
        restored(20, manual=not told, told={} if told else {"mask": "none in the sheet"})


def test_a_missed_lesion_does_not_matter_where_manual_masks_are_analyzed(restored):
    record, _ = restored(0, source="manual")
    assert record["status"] == "included"
