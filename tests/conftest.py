"""Small volumes that the tests of several stages share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from ichdag.cohort.quality import QualitySettings
from ichdag.images import Volume
from ichdag.scan_records import CheckedScan, ConvertedScan


def pytest_itemcollected(item):
    """Tests that share a finished study stay in one process; those of a file, too, since they share what it draws."""
    room = Path(item.path).parent
    item.add_marker(pytest.mark.xdist_group(room.name if room.name in ("workflow", "cluster") else item.path.stem))


def pytest_collection_modifyitems(items):
    """The longest group comes first, so that all processes end at about the same time."""
    items.sort(key=lambda item: Path(item.path).parent.name != "workflow")


def ball(shape, center, radius_mm, spacing):
    """A bool ball on a grid, center in voxels."""
    axes = np.meshgrid(*[np.arange(size) for size in shape], indexing="ij")
    away = [(axis - middle) * step for axis, middle, step in zip(axes, center, spacing, strict=True)]
    return sum(part**2 for part in away) <= radius_mm**2


@pytest.fixture
def head():
    """A ball of brain in a shell of skull in air, 4 x 4 x 5 mm, with a bleed of about 20 mL: (scan, mask)."""
    shape, spacing = (44, 44, 36), (4.0, 4.0, 5.0)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-86.0, -86.0, -90.0]
    middle = [21.5, 21.5, 17.5]
    random = np.random.default_rng(0)
    values = np.full(shape, -1000.0, dtype=np.float32)
    values[ball(shape, middle, 80, spacing)] = 1000
    brain = ball(shape, middle, 72, spacing)
    values[brain] = 32
    bleed = ball(shape, [26, 24, 18], 17, spacing)
    values[bleed] = 65
    values += random.normal(0, 3, shape).astype(np.float32)
    return Volume(np.rint(values), affine), Volume(bleed, affine)


@pytest.fixture(scope="session")
def config():
    """The shipped settings."""
    return yaml.safe_load((Path(__file__).parents[1] / "config" / "config.yaml").read_text("utf-8"))


@pytest.fixture(scope="session")
def limits(config):
    """The shipped limits, for a grid of 2 mm."""
    quality = config["cohort"]["quality"]
    own = quality["limits"] | {"in_plane_mm": [0.2, 3]}
    return QualitySettings(limits=own, only_warn=quality["only_warn"], head_hu=-300)


@pytest.fixture(scope="session")
def brain_scan():
    """A head that is fit for the shipped limits, with a bleed of about 20 mL and a neck below: (scan, mask), RAS."""
    shape = (96, 112, 36)
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    affine[:3, 3] = [-95.0, -111.0, -85.0]
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    x, y, z = np.moveaxis(places, -1, 0)

    def ball(radius):
        return (x / radius) ** 2 + (y / (1.15 * radius)) ** 2 + (np.maximum(z, 0) / radius) ** 2 + (
            np.minimum(z, 0) / (1.4 * radius)
        ) ** 2 < 1

    values = np.full(shape, -1000.0, dtype=np.float32)
    values[ball(80) | ((x**2 + y**2 < 55**2) & (z < -30))] = 20
    values[ball(74)] = 900
    values[ball(67)] = 33
    bleed = (x - 20) ** 2 + (y - 10) ** 2 + (z - 10) ** 2 < 17**2
    values[bleed] = 62
    values += np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)
    return Volume(np.rint(values), affine), Volume(bleed, affine)


@pytest.fixture(scope="session")
def converted_scan():
    """Make the record of one converted scan, an included one without a manual mask; some fields changed."""
    scan = ConvertedScan(
        status="included",
        stage=None,
        reason=None,
        kind="nifti",
        spacing_mm="2 x 2 x 5",
        manual_volume_ml=None,
        digest="a",
        mask_digest=None,
        facts={},
        series=[],
        absent={"mask": "none in the sheet"},
    )
    return lambda **changes: replace(scan, **changes)


@pytest.fixture(scope="session")
def checked_scan(converted_scan):
    """Make the record of one scan with its checks; some fields changed."""
    scan = CheckedScan(**vars(converted_scan()), checks=[], warnings=[])
    return lambda **changes: replace(scan, **changes)
