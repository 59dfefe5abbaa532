"""The scans of the synthetic study: tissues, volumes, growth, what each trait changes, faults, the same bytes twice."""

import gzip
import zlib

import numpy as np
import pytest

from ichdag.conversion.nifti import read_nifti_scan
from ichdag.images import read_mask, read_scan, same_grid
from ichdag.jobs import DataFault
from ichdag.phantom.anatomy import draw_anatomy, paint_head
from ichdag.phantom.brain import tissue_distances
from ichdag.phantom.head_geometry import HeadGrid, RandomField, rotation
from ichdag.phantom.lesion import displace_tissue, distance_field
from ichdag.phantom.scanner import draw_scan, write_scans
from ichdag.phantom.skull import normalize_points, skull_surfaces

COLUMNS = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")
GRID = HeadGrid((88, 100, 32), np.diag([2.0, 2.1, 4.6]), np.array([-87.0, -104.0, -58.0]))


def truth_of(**changes):
    """The truth of somebody with a middling bleed."""
    traits = {f"trait_{name}": 0.0 for name in ("irregularity", "heterogeneity", "rim")}
    plain = {"role": "development", "fault": None, "seed": [1, 0, 0, 4], "volume_ml": 12.0, "followup_ml": 19.0}
    return plain | traits | {"age": 60.0, "ivh": False} | changes


@pytest.fixture(scope="module")
def painted_head():
    """Somebody on a grid: truth, person, HU, mask, surfaces of the skull, tissue distances."""
    truth = truth_of()
    anatomy = draw_anatomy(truth)
    values, mask = paint_head(anatomy, grid=GRID, volume_ml=12.0)
    points = normalize_points(anatomy.skull, GRID)
    surface = skull_surfaces(anatomy.skull, points)
    moved = displace_tissue(anatomy.lesion, points, surface.depth, volume_ml=12.0)
    return anatomy, values, mask, surface, tissue_distances(anatomy.brain, GRID, moved, surface.depth), moved


def test_each_tissue_has_its_hu(painted_head):
    anatomy, values, mask, surface, tissue, (x, y, z) = painted_head
    away = (
        np.linalg.norm(
            [x - anatomy.lesion.center[0], y - anatomy.lesion.center[1], z - anatomy.lesion.center[2]], axis=0
        )
        > 42
    )
    inner = (surface.depth > 4) & away
    white = (
        inner & (tissue.csf > 7) & (tissue.ventricles > 14) & (tissue.above_tentorium > 6) & (np.abs(x) > 38) & (z > 10)
    )
    thalamus = ((np.abs(x) - 11) / 5) ** 2 + ((y + 13) / 9) ** 2 + ((z - 6) / 5) ** 2 < 1
    thalamus &= np.sign(x) != np.sign(anatomy.lesion.center[0])
    bone = (surface.vault > 2) & (surface.vault < anatomy.skull.bone_mm - 2) & (z > 20)
    outside = surface.skin > 3
    assert white.sum() > 100 and thalamus.sum() > 20 and bone.sum() > 1000
    assert values[white].mean() == pytest.approx(28, abs=1.0)
    assert np.median(values[thalamus]) == pytest.approx(37, abs=1.5)
    assert np.median(values[tissue.ventricles < -2.2]) == pytest.approx(anatomy.brain.csf_hu, abs=0.5)
    assert 0 < anatomy.brain.csf_hu < 15
    assert np.percentile(values[bone], 2) >= 700 and np.percentile(values[bone], 98) <= 1500
    assert np.mean(values[outside] == -1000) > 0.99
    assert 50 < values[mask].mean() < 80


def test_the_lesion_has_exactly_the_volume_that_was_drawn(scanner):
    for timepoint, volume in (("baseline", 12.0), ("followup", 19.0)):
        _, mask = draw_scan(truth_of(), timepoint=timepoint, scanner=scanner)
        assert mask.volume_ml == pytest.approx(volume, abs=0.5001 * mask.voxel_ml)


def test_a_grown_lesion_holds_the_smaller_one():
    anatomy = draw_anatomy(truth_of(trait_irregularity=1.5))
    small, large = (paint_head(anatomy, grid=GRID, volume_ml=volume)[1] for volume in (12.0, 40.0))
    assert not (small & ~large).any() and large.sum() > 3 * small.sum()


def test_the_lesion_stays_within_the_skull_and_on_its_side(painted_head):
    anatomy, _, _, surface, _, _ = painted_head
    mask = paint_head(anatomy, grid=GRID, volume_ml=80.0)[1]
    points = normalize_points(anatomy.skull, GRID)
    assert (surface.depth[mask] > 0).mean() > 0.999
    assert (np.sign(points[0][mask]) == np.sign(anatomy.lesion.center[0])).mean() > 0.98


def test_the_follow_up_has_another_pose_grid_and_noise(scanner):
    one, other = (
        draw_scan(truth_of(), timepoint=timepoint, scanner=scanner)[0] for timepoint in ("baseline", "followup")
    )
    assert not same_grid(one, other)
    shape = np.minimum(one.values.shape, other.values.shape)
    corner = tuple(slice(0, size) for size in shape)
    assert (
        np.corrcoef(np.clip(one.values[corner], 0, 80).ravel(), np.clip(other.values[corner], 0, 80).ravel())[0, 1]
        < 0.95
    )


def compactness(mask):
    """Surface voxels a voxel of volume to the two thirds: larger for a rougher shape."""
    inner = mask.copy()
    for axis in range(3):
        inner &= np.roll(mask, 1, axis) & np.roll(mask, -1, axis)
    return (mask & ~inner).sum() / mask.sum() ** (2 / 3)


def test_irregularity_roughens_the_shape():
    found = [paint_head(draw_anatomy(truth_of(trait_irregularity=t)), grid=GRID, volume_ml=30.0)[1] for t in (-2, 0, 2)]
    rough = [compactness(mask) for mask in found]
    assert rough[0] < rough[1] < rough[2]


def test_heterogeneity_spreads_the_hu_of_the_blood_and_leaves_its_mean():
    blood = []
    for trait in (-2, 0, 1, 2):
        values, mask = paint_head(draw_anatomy(truth_of(trait_heterogeneity=trait)), grid=GRID, volume_ml=30.0)
        blood.append(values[mask])
    spread = [values.std() for values in blood]
    assert spread[0] < 1 and all(low < high for low, high in zip(spread, spread[1:], strict=False)) and spread[-1] > 7
    assert np.ptp([values.mean() for values in blood]) < 0.8


def test_the_rim_changes_only_what_is_outside_the_hematoma():
    frames = [paint_head(draw_anatomy(truth_of(trait_rim=trait)), grid=GRID, volume_ml=30.0) for trait in (-2, 2)]
    (thin, mask), (wide, other) = frames
    assert np.array_equal(mask, other) and np.array_equal(thin[mask], wide[mask])
    changed = ~mask & (np.abs(thin - wide) > 4)
    assert (thin - wide)[changed].mean() > 5 and changed.sum() > 300
    anatomy = draw_anatomy(truth_of())
    points = normalize_points(anatomy.skull, GRID)
    field = distance_field(
        anatomy.lesion,
        GRID,
        points,
        depth=skull_surfaces(anatomy.skull, points).depth,
        ventricles=np.full(GRID.shape, 99.0, dtype=np.float32),
    )
    assert field[changed].max() < field[mask].max() + 20


def test_blood_in_the_ventricles_is_dense_and_not_in_the_mask():
    dry, wet = (paint_head(draw_anatomy(truth_of(ivh=ivh)), grid=GRID, volume_ml=12.0) for ivh in (False, True))
    assert np.array_equal(dry[1], wet[1])
    filled = (wet[0] - dry[0] > 30) & ~wet[1]
    assert filled.sum() * 2.0 * 2.1 * 4.6 / 1000 > 0.5 and 45 < wet[0][filled].mean() < 65


def test_noise_and_offset_are_those_of_the_cohort(scanner):
    noise, level = {}, {}
    for role in ("development", "external"):
        scans = [
            draw_scan(truth_of(role=role, seed=[1, 0, 0, n]), timepoint="baseline", scanner=scanner)[0]
            for n in range(4)
        ]
        air = np.concatenate([scan.values[:4, :4].ravel() for scan in scans])
        noise[role], level[role] = air[air > -1024].std(), np.median(air)
    assert noise["external"] > 1.15 * noise["development"] and 0 < level["external"] - level["development"] < 5


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1)])
def test_a_field_is_one_function_of_millimeters_on_every_grid(signs):
    waves = RandomField.draw(np.random.default_rng(0), length_mm=20)
    grid = HeadGrid(
        (5, 6, 7), rotation(np.array([4, 2, -3])) @ np.diag(signs * np.array([2.0, 2.1, 4.0])), np.array([3, -9, 1.0])
    )
    places = np.stack([axis.ravel() for axis in grid.points], axis=1)
    assert waves.on_grid(grid).ravel() == pytest.approx(waves.at_points(places), abs=1e-3)
    assert waves.on_grid(grid.slab(2, 5)) == pytest.approx(waves.on_grid(grid)[:, :, 2:5], abs=1e-4)


def test_slabs_join_without_a_seam(monkeypatch):
    anatomy = draw_anatomy(truth_of())
    whole = paint_head(anatomy, grid=GRID, volume_ml=12.0)
    monkeypatch.setattr("ichdag.phantom.anatomy.SLICES_AT_ONCE", 5)
    parts = paint_head(anatomy, grid=GRID, volume_ml=12.0)
    assert np.mean(whole[1] != parts[1]) < 1e-5 and np.percentile(np.abs(whole[0] - parts[0]), 99.9) < 1


def written(folder, scanner, **changes):
    folder.mkdir()
    paths = {name: str(folder / f"{name}.nii.gz") for name in COLUMNS}
    write_scans(truth_of(**changes), paths, scanner=scanner)
    return paths


def test_the_same_truth_gives_the_same_bytes(tmp_path, scanner):
    one, two = (written(tmp_path / name, scanner) for name in ("one", "two"))
    for name in COLUMNS:
        with open(one[name], "rb") as first, open(two[name], "rb") as second:
            assert first.read() == second.read(), name


def test_faulty_files_have_their_fault(tmp_path, scanner):
    empty = read_scan(written(tmp_path / "1", scanner, fault="empty_scan")["baseline_ct"])
    assert np.ptp(empty.values) == 0
    units = read_scan(written(tmp_path / "2", scanner, fault="wrong_units")["baseline_ct"])
    assert units.values.min() >= 0 and units.values.max() <= 255
    off = written(tmp_path / "3", scanner, fault="mask_off_grid")
    assert not same_grid(read_mask(off["baseline_mask"]), read_scan(off["baseline_ct"]))
    assert not read_mask(written(tmp_path / "4", scanner, fault="empty_mask")["baseline_mask"]).values.any()
    cut = written(tmp_path / "5", scanner, fault="truncated_file")
    with pytest.raises((EOFError, zlib.error)), gzip.open(cut["baseline_ct"]) as stream:
        stream.read()
    with pytest.raises(DataFault):
        read_nifti_scan(cut["baseline_ct"])
    assert read_scan(cut["followup_ct"]).values.std() > 100
