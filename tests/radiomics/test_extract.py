"""The features are pyradiomics', 1693 of them, and cropping changes none by more than 1e-5."""

from pathlib import Path

import numpy as np
import pytest
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.images import Volume
from ichdag.jobs import DataFault, StudyError
from ichdag.radiomics import Settings, _to_sitk, extract

PARAMETERS = str(Path(__file__).parents[2] / "config" / "radiomics.yaml")
SETTINGS = Settings(parameters=PARAMETERS, crop_margin_mm=40.0, drop_whole_image_diagnostics=False)


@pytest.fixture(scope="module")
def pair():
    """A noisy brain of 60 x 60 x 28 voxels, 2 x 2 x 5 mm, with an uneven bleed of about 8 mL."""
    random = np.random.default_rng(1)
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    axes = np.meshgrid(*[np.arange(size) for size in (60, 60, 28)], indexing="ij")
    bleed = ((axes[0] - 20) / 6) ** 2 + ((axes[1] - 30) / 8) ** 2 + ((axes[2] - 12) / 2.5) ** 2 < 1 + 0.2 * np.sin(
        axes[0]
    )
    values = np.where(bleed, 62, 32) + random.normal(0, 4, bleed.shape)
    values[55:, :, 20:] = 1450  # a piece of skull: the scan's extreme lies far from the lesion
    values[50:, :5] = -1000
    return Volume(np.rint(values).astype(np.float32), affine), Volume(bleed, affine)


def test_there_are_1693_features_and_they_equal_stock_pyradiomics_on_the_whole_scan(pair):
    ours = extract(pair[0], mask=pair[1], settings=SETTINGS)
    stock = RadiomicsFeatureExtractor(PARAMETERS).execute(_to_sitk(pair[0]), _to_sitk(pair[1]))
    assert len(ours) == 1693
    theirs = np.array([float(stock[name]) for name in ours])
    np.testing.assert_allclose(np.array(list(ours.values())), theirs, rtol=1e-5, atol=1e-9)


def test_whole_image_diagnostics_can_be_left_out(pair):
    settings = Settings(parameters=PARAMETERS, crop_margin_mm=0, drop_whole_image_diagnostics=True)
    found = extract(pair[0], mask=pair[1], settings=settings)
    assert len(found) == 1690 and not any("Image-original" in name for name in found)


def test_an_empty_mask_is_a_fault_of_the_data(pair):
    with pytest.raises(DataFault, match="mask is empty"):
        extract(pair[0], mask=Volume(np.zeros_like(pair[1].values), pair[1].affine), settings=SETTINGS)


def test_a_mask_on_another_grid_is_a_fault_of_the_data(pair):
    with pytest.raises(DataFault, match="not on the scan's grid"):
        extract(pair[0], mask=Volume(pair[1].values[1:], pair[1].affine), settings=SETTINGS)


def test_a_single_voxel_is_a_fault_of_the_data(pair):
    values = np.zeros_like(pair[1].values)
    values[20, 30, 12] = True
    with pytest.raises(DataFault, match="radiomics"):
        extract(pair[0], mask=Volume(values, pair[1].affine), settings=SETTINGS)


def test_a_missing_parameter_file_is_named(pair):
    settings = Settings(parameters="none.yaml", crop_margin_mm=40.0, drop_whole_image_diagnostics=False)
    with pytest.raises(StudyError, match="none.yaml not found"):
        extract(pair[0], mask=pair[1], settings=settings)
