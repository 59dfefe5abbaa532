"""The features are pyradiomics', 1693 of them, and no crop changes one: against stock pyradiomics on the whole scan."""

import numpy as np
import pytest
import SimpleITK as sitk

from ichdag.images import Volume
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract, extract_lesion

CLOSE = 1e-6
CASES = {  # matrix, voxel size in mm, and the lesion's parts: center and radii in voxels
    "thick slices": ((60, 60, 28), (2.0, 2.0, 5.0), [((20, 30, 12), (6, 8, 2.5))]),
    "isotropic": ((61, 57, 45), (1.5, 1.5, 1.5), [((30, 28, 22), (7, 9, 6))]),
    "at two borders": ((41, 45, 17), (1.0, 1.1, 4.0), [((0, 1, 8), (8, 6, 3))]),
    "at the first and last slice": ((40, 45, 9), (0.9, 0.9, 5.0), [((20, 21, 0), (6, 6, 2)), ((20, 25, 8), (4, 5, 2))]),
    "in three parts": (
        (60, 50, 20),
        (1.2, 1.2, 3.0),
        [((k, 25, m), (4, 5, 2)) for k, m in ((12, 6), (28, 12), (45, 9))],
    ),
}
OTHER_STUDIES = {
    "resampled": """
        setting: {binWidth: 25, resampledPixelSpacing: [2, 2, 2]}
        imageType: {Original: {}, LoG: {sigma: [3]}}""",
    "normalized": """
        setting: {binWidth: 0.1, normalize: true, normalizeScale: 2}
        imageType: {Wavelet: {}, Square: {binWidth: 0.001}}""",
    "resegmented": """
        setting: {binWidth: 5, label: 3, resegmentRange: [55, 66], resegmentShape: true}""",
    "slice by slice": """
        setting: {binWidth: 5, force2D: true}
        imageType: {Original: {}, Wavelet: {}, Gradient: {}}
        featureClass: {shape: , firstorder: , glcm: , glrlm: , glszm: , gldm: , ngtdm: }""",
    "relative resegmentation, all directions summed": """
        setting: {binWidth: 4, resegmentRange: [0.5], resegmentMode: relative, weightingNorm: manhattan}
        imageType: {Original: {distances: [1, 2]}}""",
    "outliers left out": """
        setting: {binCount: 12, resegmentRange: [-2, 2], resegmentMode: sigma, voxelArrayShift: 1000, gldm_a: 1}""",
    "in-plane voxels, tight crop": """
        setting: {binWidth: 5, resampledPixelSpacing: [1.5, 1.5, 0], interpolator: sitkLinear, preCrop: true}
        imageType: {Original: {}, Gradient: {gradientUseSpacing: false}, Square: {}}""",
    "deep wavelets": """
        setting: {binCount: 16}
        imageType: {Wavelet: {wavelet: db3, level: 2, start_level: 1}, Gradient: {}}""",
    "a choice of features": """
        imageType: {LoG: {sigma: [2.5], binWidth: 3}}
        featureClass: {glcm: [Contrast, Id], ngtdm: }""",
}


@pytest.mark.parametrize("case", CASES)
def test_every_value_equals_stock_pyradiomics_on_the_whole_scan(case, made, settings):
    shape, spacing, parts = CASES[case]
    scan, mask = made.head_with(np.any([made.ball(shape, *part) for part in parts], axis=0), spacing=spacing)
    ours, theirs = extract_lesion(scan, mask=mask, settings=settings), made.stock(scan, mask)
    assert not ours.missing
    assert list(ours.values) == [name for name in theirs if name in ours.values] and len(ours.values) == 1693
    wrong = {name: value for name, value in made.differences(ours.values, theirs).items() if not value <= CLOSE}
    assert not wrong


@pytest.mark.parametrize("study", OTHER_STUDIES)
def test_the_parameter_file_of_another_study_gives_that_study_s_columns(study, made, pair, parameter_file):
    path = parameter_file(OTHER_STUDIES[study])
    label = 3 if "label: 3" in OTHER_STUDIES[study] else 1
    ours = extract(
        pair[0],
        mask=pair[1],
        settings=RadiomicsSettings(path, drop_whole_image_diagnostics=False, truncate_resampled=False),
    )
    theirs = made.stock(pair[0], pair[1], path, label=label)
    assert set(ours) == {name for name in theirs if not name.startswith("diagnostics") or name in ours}
    wrong = {name: value for name, value in made.differences(ours, theirs).items() if not value <= CLOSE}
    assert len(ours) > 10 and not wrong


RESAMPLED = """
setting: {binWidth: 5, resampledPixelSpacing: [1.5, 1.5, 1.5], padDistance: 10, voxelArrayShift: 1000}
imageType: {Original: {}, LoG: {sigma: [2]}, Wavelet: {}}
featureClass: {firstorder: , glcm: , gldm: }"""


def test_resampling_keeps_fractions_or_cuts_them_as_stock_does_with_a_scan_of_whole_numbers(made, pair, parameter_file):
    """Stock pyradiomics resamples into the numbers that a scan is stored as, with ours as a choice of both."""
    path = parameter_file(RESAMPLED)
    stored = {truncate: sitk.sitkInt16 if truncate else sitk.sitkFloat64 for truncate in (True, False)}
    theirs = {truncate: made.stock(*pair, path, stored=kind) for truncate, kind in stored.items()}
    for truncate in stored:
        choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=truncate)
        ours = extract(pair[0], mask=pair[1], settings=choice)
        far = {name: value for name, value in made.differences(ours, theirs[not truncate]).items() if value > 0.01}
        wrong = {name: value for name, value in made.differences(ours, theirs[truncate]).items() if not value <= CLOSE}
        assert not wrong and len(far) > 100


def test_a_scan_with_fractions_keeps_them_whatever_the_choice(pair, parameter_file):
    scan = Volume(pair[0].values + np.float32(0.25), pair[0].affine)
    path = parameter_file(RESAMPLED)
    first, second = (
        extract(
            scan,
            mask=pair[1],
            settings=RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=way),
        )
        for way in (True, False)
    )
    assert first == second


def test_the_same_lesion_gives_the_same_bits_however_the_scan_lies_in_memory(pair, settings):
    scan, mask = pair
    turned = Volume(np.ascontiguousarray(scan.values.transpose(2, 0, 1)).transpose(1, 2, 0), scan.affine)
    assert extract(scan, mask=mask, settings=settings) == extract(turned, mask=mask, settings=settings)


def test_whole_image_diagnostics_can_be_left_out(pair, settings):
    found = extract(
        pair[0],
        mask=pair[1],
        settings=RadiomicsSettings(settings.parameters, drop_whole_image_diagnostics=True, truncate_resampled=False),
    )
    assert len(found) == 1690 and not any("Image-original" in name for name in found)


VARIED = """
setting: {binWidth: 8}
imageType: {Original: {}, LoG: {sigma: [2]}}
featureClass: {shape: , firstorder: , glcm: , glrlm: , gldm: , ngtdm: }"""
GRIDS = [(1.2, 1.2, 5.0), (1.9, 1.4, 3.0), (2.1, 2.1, 2.1), (1.1, 1.7, 4.0)]


@pytest.mark.parametrize("seed", range(6))
def test_random_lesions_of_1_to_30_ml_beside_bone_and_at_borders_have_stock_s_values(seed, made, parameter_file):
    random = np.random.default_rng(seed)
    spacing, ml = np.array(GRIDS[seed % len(GRIDS)]), 30 ** random.random()
    radius = (3000 * ml / (4 * np.pi)) ** (1 / 3) * random.uniform(0.8, 1.25, 3) / spacing
    shape = tuple(np.ceil(2.4 * radius + 16).astype(int))
    middle = np.array(shape) * random.uniform(0.3, 0.7, 3)
    middle[seed % 3] = random.choice([0.5 * radius[seed % 3], shape[seed % 3] - 1 - 0.5 * radius[seed % 3]])
    scan, mask = made.head_with(made.ball(shape, middle, radius), spacing=tuple(spacing), seed=seed)
    values = scan.values.copy()
    if seed % 2:  # bone that touches the lesion, or lies in it
        values[:, int(middle[1] + 0.9 * radius[1]) :][:, :4] = random.integers(300, 900)
    path = parameter_file(VARIED)
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    scan = Volume(values, scan.affine)
    ours, theirs = extract_lesion(scan, mask=mask, settings=choice), made.stock(scan, mask, path)
    bound = np.abs(values).max() * 2**-24
    wrong = made.differences(ours.values, theirs, ours.missing, bound)
    assert not ours.missing and not {name: value for name, value in wrong.items() if not value <= CLOSE}
