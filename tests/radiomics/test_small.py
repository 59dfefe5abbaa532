"""Small and odd lesions: what can be computed is, what cannot is missing with a reason, and is never 0."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract_lesion

SHAPE = (24, 22, 12)
BESIDE_BONE = 1450 * 2**-24  # HU, stock's rounding of LoG images to float32 where the skull is in reach
FEW = """
setting: {binWidth: 20, minimumROIDimensions: 1}
imageType: {Original: {binWidth: 2}, Wavelet: {}, LoG: {sigma: [1.0, 3.0]}, Exponential: {binWidth: 0.01}}
"""
LESIONS = {
    "a single voxel": [((10, 11), (10, 11), (6, 7))],
    "a single voxel in the corner": [((0, 1), (0, 1), (0, 1))],
    "two voxels": [((10, 12), (10, 11), (6, 7))],
    "two voxels apart": [((5, 6), (10, 11), (3, 4)), ((15, 16), (17, 18), (9, 10))],
    "a line": [((8, 13), (10, 11), (6, 7))],
    "one slice": [((6, 14), (7, 13), (6, 7))],
    "one sagittal plane": [((9, 10), (7, 13), (3, 9))],
    "two parts": [((4, 8), (4, 8), (3, 5)), ((14, 19), (12, 17), (8, 10))],
    "a third of the scan": [((0, 12), (0, 22), (0, 6))],
}


def lesion(boxes) -> np.ndarray:
    """Boxes of voxels."""
    mask = np.zeros(SHAPE, dtype=bool)
    for box in boxes:
        mask[tuple(slice(*ends) for ends in box)] = True
    return mask


@pytest.mark.parametrize("name", LESIONS)
def test_every_column_has_a_finite_value_or_a_reason(name, made, settings):
    scan, mask = made.head_with(lesion(LESIONS[name]), spacing=(1.0, 1.0, 3.0))
    found = extract_lesion(scan, mask=mask, settings=settings)
    assert len(found.values) == 1693
    assert {feature for feature, value in found.values.items() if not np.isfinite(value)} == set(found.missing)
    assert all(found.missing.values()) and len(found.missing) < 900
    assert np.isfinite(found.values["original_shape_VoxelVolume"])
    assert np.isfinite(found.values["original_firstorder_Mean"])


def test_a_single_voxel_has_gray_values_zones_and_a_volume_but_no_texture_of_pairs(made, settings):
    scan, mask = made.head_with(lesion(LESIONS["a single voxel"]))
    found = extract_lesion(scan, mask=mask, settings=settings)
    gray = float(scan.values[10, 10, 6])
    assert found.values["original_firstorder_Mean"] == gray and found.values["original_shape_VoxelVolume"] == 20
    assert found.values["original_glszm_ZonePercentage"] == 1
    assert found.missing["original_glcm_Contrast"] == found.missing["original_ngtdm_Coarseness"]
    assert "touch" in found.missing["original_glcm_Contrast"]
    assert found.missing["original_shape_Elongation"] == "the lesion is a single voxel"


def test_a_flat_lesion_has_no_skewness_no_correlation_and_no_coarseness(made, settings):
    scan, mask = made.head_with(lesion([((8, 14), (8, 14), (4, 8))]))
    flat = Volume(np.where(mask.values, np.float32(60), scan.values), scan.affine)
    found, stock = extract_lesion(flat, mask=mask, settings=settings), made.stock(flat, mask)
    for feature, stand_in in {
        "firstorder_Skewness": 0,
        "firstorder_Kurtosis": 0,
        "glcm_Correlation": 1,
        "glcm_MCC": 1,
        "glcm_Imc1": 0,
        "ngtdm_Coarseness": 1e6,
        "ngtdm_Contrast": 0,
        "ngtdm_Busyness": 0,
        "ngtdm_Strength": 0,
    }.items():
        assert stock[f"original_{feature}"] == stand_in, "stock pyradiomics stands a number in"
        assert np.isnan(found.values[f"original_{feature}"]) and found.missing[f"original_{feature}"]
    assert found.values["original_firstorder_Variance"] == 0 and found.values["original_glcm_JointEnergy"] == 1


def test_texture_that_is_only_rounding_is_missing(made, settings):
    mask = lesion([((10, 13), (9, 12), (5, 7))])
    scan = Volume(np.full(SHAPE, 60, dtype=np.float32), np.diag([1.0, 1, 3, 1]))
    found = extract_lesion(scan, mask=Volume(mask, scan.affine), settings=settings)
    assert "rounding" in found.missing["log-sigma-3-0-mm-3D_glrlm_RunEntropy"]
    for image in ("wavelet-HHH", "log-sigma-3-0-mm-3D", "original"):
        assert np.isnan(found.values[f"{image}_firstorder_Skewness"])


def test_a_filter_that_the_scan_is_too_small_for_leaves_its_columns_missing(made, settings):
    bleed = np.zeros((20, 20, 3), dtype=bool)
    bleed[2:9, 6:12] = True
    scan, mask = made.head_with(bleed)
    found = extract_lesion(scan, mask=mask, settings=settings)
    assert len(found.values) == 1693
    assert found.missing["log-sigma-1-0-mm-3D_glcm_Id"] == "the scan is too small for this filter"


def test_no_other_reason_is_given_for_a_column_than_the_true_one(made, settings, monkeypatch):
    monkeypatch.setattr(
        "ichdag.radiomics.feature_extraction.gray_level_features", lambda *arguments, **options: ({}, {})
    )
    scan, mask = made.head_with(lesion(LESIONS["two parts"]))
    missing = extract_lesion(scan, mask=mask, settings=settings).missing
    assert missing["original_glcm_Id"] == "pyradiomics gives no value of this name"


def test_what_itk_cannot_do_with_one_scan_leaves_out_its_participant(made, settings, monkeypatch):
    def refusing(*arguments, **options):
        raise RuntimeError("ITK ERROR: \n GradientMagnitude: no such thing")

    monkeypatch.setattr("ichdag.radiomics.feature_extraction.shape_features", refusing)
    scan, mask = made.head_with(lesion(LESIONS["two parts"]))
    with pytest.raises(DataFault, match="pyradiomics: ITK ERROR: GradientMagnitude: no such thing"):
        extract_lesion(scan, mask=mask, settings=settings)


def test_a_parameter_file_that_refuses_small_lesions_is_obeyed(made, parameter_file):
    scan, mask = made.head_with(lesion(LESIONS["a line"]))
    for setting in ("minimumROIDimensions: 2", "minimumROIDimensions: 1, minimumROISize: 5"):
        strict = RadiomicsSettings(
            parameter_file(f"setting: {{binWidth: 2, {setting}}}"),
            drop_whole_image_diagnostics=True,
            truncate_resampled=False,
        )
        with pytest.raises(DataFault, match="minimumROI"):
            extract_lesion(scan, mask=mask, settings=strict)


def test_an_empty_mask_is_a_fault_of_the_data(pair, settings):
    with pytest.raises(DataFault, match="mask is empty"):
        extract_lesion(pair[0], mask=Volume(np.zeros_like(pair[1].values), pair[1].affine), settings=settings)


def test_a_mask_on_another_grid_is_a_fault_of_the_data(pair, settings):
    with pytest.raises(DataFault, match="not on the scan's grid"):
        extract_lesion(pair[0], mask=Volume(pair[1].values[1:], pair[1].affine), settings=settings)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Settings with fewer image types, to try many lesions."""
    path = tmp_path_factory.mktemp("few") / "few.yaml"
    path.write_text(FEW)
    return RadiomicsSettings(str(path), drop_whole_image_diagnostics=False, truncate_resampled=False)


@hypothesis_settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    corner=st.tuples(*(st.integers(0, size - 1) for size in SHAPE)),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4)),
    holes=st.floats(0, 0.9),
    spread=st.sampled_from([0, 1, 6]),
    spacing=st.tuples(st.floats(0.4, 2), st.floats(0.4, 2), st.floats(0.7, 6)),
    seed=st.integers(0, 1000),
)
def test_small_random_lesions_have_stock_s_values_or_a_reason(made, few, corner, size, holes, spread, spacing, seed):
    random = np.random.default_rng(seed)
    mask = lesion([tuple((start, start + length) for start, length in zip(corner, size, strict=True))])
    mask &= random.random(SHAPE) >= holes
    mask[corner] = True
    scan, mask = made.head_with(mask, spacing=spacing, seed=seed)
    noise = np.rint(random.normal(60, spread, SHAPE)).astype(np.float32)
    scan = Volume(np.where(mask.values, noise, scan.values), scan.affine)
    ours = extract_lesion(scan, mask=mask, settings=few)
    if mask.values.sum() == 1:
        with pytest.raises(ValueError, match="segmented voxel"):
            made.stock(scan, mask, few.parameters)
        return
    theirs = made.stock(scan, mask, few.parameters)
    assert set(ours.values) <= set(theirs)
    wrong = {n: d for n, d in made.differences(ours.values, theirs, ours.missing, BESIDE_BONE).items() if not d <= 1e-6}
    assert not wrong


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("Failed to allocate memory for image.")])
def test_want_of_memory_is_neither_a_missing_feature_nor_a_reason_to_leave_anybody_out(
    error, made, settings, monkeypatch
):
    def wanting(*arguments, **options):
        try:
            raise error
        except (MemoryError, RuntimeError) as cause:
            raise ValueError("a library's words") from cause

    monkeypatch.setattr("radiomics.firstorder.RadiomicsFirstOrder.execute", wanting)
    scan, mask = made.head_with(lesion(LESIONS["two parts"]))
    with pytest.raises(type(error)):
        extract_lesion(scan, mask=mask, settings=settings)
    monkeypatch.undo()
    monkeypatch.setattr("ichdag.radiomics.feature_extraction.shape_features", wanting)
    with pytest.raises(type(error)):
        extract_lesion(scan, mask=mask, settings=settings)
