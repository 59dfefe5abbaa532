"""Matrices have a row for each gray level that occurs: pyradiomics' values, in the memory that a job has."""

import re
import tracemalloc

import numpy as np
import pytest
from radiomics import getFeatureClasses

from ichdag.images import Volume
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract_lesion
from ichdag.radiomics.gray_level_matrices import GRAY_LEVEL_CLASSES
from ichdag.radiomics.lesion_crop import array_to_sitk

SETTINGS = {
    "as shipped": {"binWidth": 2},
    "two distances, weighted": {"binWidth": 2, "distances": [1, 2], "weightingNorm": "euclidean"},
    "one way": {"binWidth": 3, "symmetricalGLCM": False},
    "near levels are alike": {"binWidth": 2, "gldm_a": 1},
    "slice by slice": {"binWidth": 2, "force2D": True},
    "a number of bins": {"binCount": 500},
}


@pytest.fixture(scope="module")
def bone():
    """An image with a few voxels of bone among 25 gray levels of blood, and its mask."""
    random = np.random.default_rng(4)
    values = np.rint(random.normal(60, 8, (12, 11, 8)))
    values[tuple(random.integers(0, size, 9) for size in values.shape)] = np.linspace(200, 1000, 9).round()
    mask = (random.random(values.shape) < 0.9).astype(np.uint8)
    return array_to_sitk(values, np.array([0.5, 0.6, 5])), array_to_sitk(mask, np.array([0.5, 0.6, 5]))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("title", GRAY_LEVEL_CLASSES)
def test_values_are_those_of_pyradiomics_whose_matrices_have_every_level(title, name, bone):
    found = GRAY_LEVEL_CLASSES[title](*bone, **SETTINGS[name], shared_bins={}).execute()
    stock = getFeatureClasses()[title](*bone, **SETTINGS[name]).execute()
    assert list(found) == list(stock)
    for feature, value in stock.items():
        assert found[feature] == pytest.approx(value, rel=1e-14, abs=0), feature


def test_bone_in_the_mask_costs_neither_the_participant_nor_the_memory_of_a_job(pair, parameter_file):
    """With a row for each of the 13,000 levels of the exponential image a single matrix took 16 GiB."""
    path = parameter_file("setting: {binWidth: 0.01, minimumROIDimensions: 1}\nimageType: {Exponential: {}}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    scan, mask = pair
    values = scan.values.copy()
    inside = np.argwhere(mask.values)
    bone = inside[:: len(inside) // 60]
    values[tuple(bone.T)] = np.linspace(200, 1000, len(bone)).round()
    tracemalloc.start()
    found = extract_lesion(Volume(values, scan.affine), mask=mask, settings=choice)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not found.missing and peak < 300 * 2**20
    assert found.values["exponential_firstorder_Range"] / 0.01 > 13_000


def test_a_matrix_that_no_job_could_hold_is_missing_with_the_number_of_levels_and_the_cure(made, parameter_file):
    """1960 voxels, each of a gray level of its own: 13 x 1960 x 1960 numbers."""
    mask = np.zeros((24, 22, 12), dtype=bool)
    mask[4:18, 4:18, 1:-1] = True
    scan, mask = made.head_with(mask)
    random = np.random.default_rng(0)
    scan = Volume(scan.values + random.random(scan.values.shape).astype(np.float32) * 40, scan.affine)
    path = parameter_file("setting: {binWidth: 0.0001}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    tracemalloc.start()
    found = extract_lesion(scan, mask=mask, settings=choice)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {name.split("_")[1] for name in found.missing} == {"glcm"} and len(found.missing) == 24
    assert "gray levels make a matrix of" in found.missing["original_glcm_Contrast"]
    assert "wider bins" in found.missing["original_glcm_Contrast"] and peak < 600 * 2**20


FAR = {  # gray value of one voxel, parameter file, what is told
    "an outlier among fine bins": (1e6, "setting: {binWidth: 0.001}", r"to 1000000 make more than 16777216 bins of"),
    "beyond all bins": (1e30, "setting: {binWidth: 2}", "make more than 16777216 bins of width 2"),
    "no number": (np.inf, "setting: {binWidth: 2}", "to inf cannot be binned"),
    "no number of bins": (np.inf, "setting: {binCount: 32}", "to inf cannot be binned"),
}


@pytest.mark.parametrize("name", FAR)
def test_gray_values_too_far_apart_for_bins_leave_out_what_needs_bins_and_nothing_else(name, pair, parameter_file):
    gray, text, told = FAR[name]
    path = parameter_file(text)
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    scan, mask = pair
    values = scan.values.copy()
    values[tuple(np.argwhere(mask.values)[7])] = gray
    tracemalloc.start()
    found = extract_lesion(Volume(values, scan.affine), mask=mask, settings=choice)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    unbinned = {feature for feature, reason in found.missing.items() if re.search(told, reason)}
    assert {feature for feature in unbinned if "firstorder" in feature} == {
        "original_firstorder_Entropy",
        "original_firstorder_Uniformity",
    }
    textures = {feature for feature in found.values if feature.split("_")[1] not in ("firstorder", "shape")}
    assert {feature for feature in textures if "diag" not in feature} <= unbinned and peak < 50 * 2**20
    inside = np.float64(values[mask.values])
    assert found.values["original_firstorder_Median"] == np.median(inside)
    assert found.values["original_firstorder_Minimum"] == inside.min()
    if np.isfinite(gray):
        assert found.values["original_firstorder_Mean"] == pytest.approx(inside.mean(), rel=1e-12)


def test_metal_in_the_exponential_image_as_shipped_has_bins_that_fit_a_job(pair, settings, parameter_file):
    """32,767 HU in bins of 0.01, the most that a CT can have: 3.3 million bins of which a hundred are taken."""
    path = parameter_file("imageType: {Exponential: {binWidth: 0.01}}\nsetting: {gldm_a: 0}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    scan, mask = pair
    values = scan.values.copy()
    values[tuple(np.argwhere(mask.values)[7])] = 32767
    tracemalloc.start()
    found = extract_lesion(Volume(values, scan.affine), mask=mask, settings=choice)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not found.missing and peak < 800 * 2**20
