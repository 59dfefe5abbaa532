"""Shape features of real stroke lesions (public masks on a 1 mm grid, beside the repository): none is unexplained."""

from pathlib import Path

import numpy as np
import pytest

from ichdag.images import Volume, read_mask
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract_lesion

MASKS = Path(__file__).parents[3] / "shared" / "data" / "stroke_outcomes" / "lesion_masks_mni_1mm"
EVERY = 19  # of 380: a sample of 20
FEW_FEATURES = "setting: {binWidth: 2, minimumROIDimensions: 1}\nfeatureClass: {shape: }"


def test_shape_features_of_real_lesions_are_there_or_explained(parameter_file):
    if not MASKS.is_dir():
        pytest.skip(f"the stroke lesion masks are not at {MASKS.parent.name}/{MASKS.name} beside the repository")
    settings = RadiomicsSettings(
        parameter_file(FEW_FEATURES), drop_whole_image_diagnostics=True, truncate_resampled=False
    )
    for path in sorted(MASKS.glob("*.nii.gz"))[::EVERY]:
        mask = read_mask(path)
        scan = Volume(np.where(mask.values, np.float32(60), np.float32(30)), mask.affine)
        found = extract_lesion(scan, mask=mask, settings=settings)
        assert sum("_shape_" in name for name in found.values) == 14
        assert {name for name, value in found.values.items() if not np.isfinite(value)} == set(found.missing), path
        assert found.values["original_shape_VoxelVolume"] == pytest.approx(1000 * mask.volume_ml)
        assert 0 < found.values["original_shape_Sphericity"] <= 1.2
