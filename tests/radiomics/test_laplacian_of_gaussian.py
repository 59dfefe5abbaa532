"""The Laplacian of Gaussian in the lesion's box is SimpleITK's on the whole scan, but for its rounding to float32."""

import numpy as np
import pytest
import SimpleITK as sitk

from ichdag.radiomics.laplacian_of_gaussian import can_filter, laplacian_of_gaussian
from ichdag.radiomics.lesion_crop import array_to_sitk, sitk_to_array

FLOAT32 = 2**-24  # of a number, rounded to float32


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 5.0), (1.0, 1.0, 1.0), (1.3, 0.9, 0.7)])
@pytest.mark.parametrize("sigma", [1.0, 3.0, 5.0])
@pytest.mark.parametrize(
    "box", [(slice(8, 15), slice(10, 20), slice(0, 4)), (slice(8, 10), slice(10, 20), slice(2, 9))]
)
def test_beside_bone_and_air_it_differs_by_one_rounding_of_them(box, spacing, sigma):
    values = np.random.default_rng(0).normal(40, 5, (30, 34, 12)).astype(np.float32)
    values[:, :4], values[26:] = 1800, -1000
    whole = sitk.LaplacianRecursiveGaussian(array_to_sitk(values, np.array(spacing)), sigma, True)
    found = laplacian_of_gaussian(values, spacing_mm=np.array(spacing), sigma_mm=sigma, box=box)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, sitk_to_array(whole)[box], rtol=0, atol=1800 * FLOAT32)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0, 4.0, 5.0])
def test_in_soft_tissue_no_voxel_differs_by_more_than_5e_6_hu_or_changes_its_bin(sigma):
    values = np.random.default_rng(3).normal(35, 8, (90, 80, 16)).round().astype(np.float32)
    values[28:50, 25:45, 5:9] += 30
    spacing, box = np.array([0.5, 0.5, 5.0]), (slice(20, 60), slice(15, 55), slice(4, 11))
    whole = sitk_to_array(sitk.LaplacianRecursiveGaussian(array_to_sitk(values, spacing), sigma, True))[box]
    found = laplacian_of_gaussian(values, spacing_mm=spacing, sigma_mm=sigma, box=box)
    assert np.abs(found - whole).max() <= 5e-6 and np.abs(whole).max() > 1
    np.testing.assert_array_equal(found // 2, whole // 2)


@pytest.mark.parametrize("kind", ["bone", "clip"])
@pytest.mark.parametrize("seed", range(4))
def test_random_lesions_beside_bone_and_clips_are_within_one_rounding_of_the_largest_gray_value(kind, seed):
    """6e-5 HU beside 1,800 HU and 5e-4 HU beside 20,000 HU were found, half of the bound."""
    random = np.random.default_rng(seed)
    spacing, shape = [((0.45, 0.45, 5.0), (96, 96, 14)), ((0.8, 0.6, 3.0), (70, 80, 20))][seed % 2]
    values = random.normal(40, 8, shape).round().astype(np.float32)
    values[:8], values[10:16] = -1000, random.integers(800, 1800, (6, *shape[1:]))
    if kind == "clip":
        place = random.integers(20, 40, 2)
        values[place[0] : place[0] + 2, place[1] : place[1] + 2, shape[2] // 2] = 20000
    corner = random.integers((16, 0, 0), (30, 40, shape[2] - 6))
    box = tuple(slice(start, start + length) for start, length in zip(corner, (18, 18, 5), strict=True))
    for sigma in (1.0, 5.0):
        whole = sitk_to_array(sitk.LaplacianRecursiveGaussian(array_to_sitk(values, np.array(spacing)), sigma, True))[
            box
        ]
        found = laplacian_of_gaussian(values, spacing_mm=np.array(spacing), sigma_mm=sigma, box=box)
        assert np.abs(found - whole).max() <= values.max() * FLOAT32


def test_air_and_bone_beyond_the_reach_move_no_value_by_more_than_its_last_digits():
    values = np.full((300, 60, 40), 40, dtype=np.float32)
    values += np.random.default_rng(0).normal(0, 4, values.shape).astype(np.float32)
    values[:100], values[250:] = 1500, -1000
    box = (slice(145, 155), slice(25, 35), slice(15, 25))  # 45 mm from the bone at sigma 2 mm: beyond 16 sigma
    spacing = np.ones(3)
    whole = sitk_to_array(sitk.LaplacianRecursiveGaussian(array_to_sitk(values, spacing), 2.0, True))[box]
    found = laplacian_of_gaussian(values, spacing_mm=spacing, sigma_mm=2.0, box=box)
    assert np.abs(found - whole).max() <= 5e-6 and np.abs(whole).max() > 1


def test_scans_that_pyradiomics_refuses_to_filter_are_refused():
    assert can_filter((64, 64, 4), sigma_mm=3, spacing_mm=np.array([1, 1, 5.0]))
    assert not can_filter((64, 64, 3), sigma_mm=3, spacing_mm=np.array([1, 1, 5.0]))
    assert not can_filter((64, 64, 5), sigma_mm=5, spacing_mm=np.array([1, 1, 1.0]))
