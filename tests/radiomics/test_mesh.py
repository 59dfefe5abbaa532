"""Surface, volume and diameters of a lesion's mesh are those of pyradiomics' own walk over the whole mask."""

import numpy as np
import pytest
from radiomics import cShape

from ichdag.radiomics.mesh import area_and_volume, diameters


def blobs():
    """Masks with an empty border: scattered voxels, dense ones, a full block, a single voxel, a line, an ellipsoid."""
    random = np.random.default_rng(0)
    for share in (0.1, 0.5, 0.9, 1.0):
        for _ in range(20):
            yield np.pad(random.random(random.integers(2, 10, 3)) <= share, 1)
    yield np.pad(np.ones((1, 1, 1), dtype=bool), 1)
    yield np.pad(np.ones((1, 1, 7), dtype=bool), 1)
    z, y, x = np.ogrid[-6:7, -14:15, -20:21]
    yield np.pad((z / 5) ** 2 + (y / 13) ** 2 + (x / 19) ** 2 < 1, 1)


def test_area_and_volume_are_pyradiomics_and_diameters_to_the_last_bit():
    random = np.random.default_rng(1)
    for mask in blobs():
        if mask.any():
            spacing = tuple(random.uniform(0.3, 6, 3).tolist())
            area, volume, lengths = cShape.calculate_coefficients(mask, np.array(spacing))
            assert area_and_volume(mask, spacing=spacing) == pytest.approx((area, volume), rel=1e-11)
            assert diameters(mask, spacing=spacing) == lengths


def test_a_single_voxel_is_an_octahedron():
    """Six points half a voxel off: volume abc / 6, diameter the longest edge."""
    mask = np.pad(np.ones((1, 1, 1), dtype=bool), 1)
    area, volume = area_and_volume(mask, spacing=(1.0, 1.0, 1.0))
    assert volume == pytest.approx(1 / 6) and area == pytest.approx(np.sqrt(3))
    assert diameters(mask, spacing=(5.0, 0.5, 1.0)) == pytest.approx((1.0, 5.0, 5.0, 5.0))
