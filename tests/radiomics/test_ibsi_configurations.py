"""IBSI's configurations C and D, as far as pyradiomics follows them: values of mirp 2.7.0 for a drawn volume.

C: voxels of 2 mm by linear interpolation, gray values from -1000 to 400 HU, bins of 25 HU. D: the same voxels, values
within three standard deviations, 32 bins. mirp follows IBSI (Zwanenburg et al. 2020). The volume is drawn so that what
pyradiomics does otherwise makes no difference: its extent is a whole number of new voxels, interpolated gray values are
whole numbers, and the first bin above -1000 HU is not empty.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ichdag.images import Volume
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract

RESAMPLED = "resampledPixelSpacing: [2, 2, 2], interpolator: sitkLinear"
CONFIGURATIONS = {
    "C": f"setting: {{{RESAMPLED}, resegmentRange: [-1000, 400], binWidth: 25}}",
    "D": f"setting: {{{RESAMPLED}, resegmentRange: [-3, 3], resegmentMode: sigma, binCount: 32}}",
}
JOINT_AVERAGE, CONTRAST = 37.1550254904321, 106.11899876847686  # mirp, too: C of the mask without the air
AIR = np.s_[12:16, 8:12, 4:6]


def drawn() -> tuple[Volume, np.ndarray]:
    """Gray values that are multiples of 16 in voxels of 1 x 1 x 4 mm, and a mask of two boxes with air in them."""
    i, j, k = np.indices((28, 24, 10))
    values = 16 * ((3 * (i // 2) + 5 * (j // 3) * k + (i * j) // 7 + 2 * k * k) % 71 - 40)
    values[AIR] = -992
    mask = np.zeros(values.shape, dtype=bool)
    mask[6:20, 4:18, 2:7] = True
    mask[20:24, 8:14, 3:5] = True
    return Volume(values.astype(np.float32), np.diag([1.0, 1.0, 4.0, 1.0])), mask


def values_of(mask: np.ndarray, path: str) -> dict[str, float]:
    scan, _ = drawn()
    settings = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    return extract(scan, mask=Volume(mask, scan.affine), settings=settings)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_values_that_can_be_followed_are_those_of_ibsi(name, parameter_file):
    """98 values each; those that IBSI and pyradiomics define differently are told in test_ibsi."""
    found = values_of(drawn()[1], parameter_file(CONFIGURATIONS[name]))
    references = pd.read_csv(Path(__file__).parent / "ibsi_configurations.tsv", sep="\t", index_col="feature")[name]
    ours = {feature: found[f"original_{feature}"] for feature in references.index}
    assert len(ours) == 98
    assert ours == pytest.approx(references.to_dict(), rel=1e-6)


def test_levels_are_counted_from_the_smallest_gray_value_where_ibsi_counts_from_the_bound(parameter_file):
    """Without the air the first bins above -1000 HU are empty: IBSI's levels are higher by as many, contrasts equal."""
    mask = drawn()[1]
    mask[AIR] = False
    found = values_of(mask, parameter_file(CONFIGURATIONS["C"]))
    empty = (found["original_firstorder_Minimum"] + 1000) // 25
    assert empty > 0 and found["original_glcm_JointAverage"] + empty == pytest.approx(JOINT_AVERAGE, rel=1e-6)
    assert found["original_glcm_Contrast"] == pytest.approx(CONTRAST, rel=1e-6)
