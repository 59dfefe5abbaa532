"""Small volumes that the tests of several stages share."""

from pathlib import Path

import numpy as np
import pytest

from ichdag.images import Volume


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
