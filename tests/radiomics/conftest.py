"""Made-up heads with a bleed, and stock pyradiomics on the whole scan, which all values are held against."""

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.images import Volume
from ichdag.radiomics.feature_extraction import RadiomicsSettings
from ichdag.radiomics.lesion_crop import to_sitk

ROOT = Path(__file__).parents[2]
LOG_HU = 5e-6  # stock rounds LoG images of tens of HU to float32 after each pass
IN_HU = {
    *("10Percentile", "90Percentile", "Maximum", "Minimum", "Mean", "Median", "Range", "InterquartileRange"),
    *("MeanAbsoluteDeviation", "RobustMeanAbsoluteDeviation", "RootMeanSquared"),
}
PARAMETERS = str(ROOT / "config" / "radiomics.yaml")
logging.getLogger("radiomics").setLevel(logging.CRITICAL)


def head_with(bleed: np.ndarray, *, spacing=(2.0, 2.0, 5.0), seed: int = 1) -> tuple[Volume, Volume]:
    """A noisy brain with this bleed, a piece of skull and air; the scan's extreme lies far from the lesion."""
    values = np.where(bleed, 62, 32) + np.random.default_rng(seed).normal(0, 4, bleed.shape)
    values[-5:, :, -8:] = 1450
    values[-10:, :5] = -1000
    affine = np.diag([*spacing, 1.0])
    return Volume(np.rint(values).astype(np.float32), affine), Volume(bleed, affine)


def ball(shape, center, radii) -> np.ndarray:
    """An ellipsoid of voxels."""
    axes = np.meshgrid(*[np.arange(size) for size in shape], indexing="ij", sparse=True)
    return sum(((axis - place) / radius) ** 2 for axis, place, radius in zip(axes, center, radii, strict=True)) < 1


def stock(
    scan: Volume, mask: Volume, parameters=PARAMETERS, label: int = 1, stored=sitk.sitkFloat64
) -> dict[str, float]:
    """What pyradiomics computes by itself on the whole scan, stored as these numbers, for the same columns."""
    lesion = Volume(mask.values * np.uint8(label), mask.affine)
    pair = sitk.Cast(to_sitk(scan), stored), sitk.Cast(to_sitk(lesion), sitk.sitkUInt8)
    found = RadiomicsFeatureExtractor(parameters).execute(*pair)
    return {name: float(value) for name, value in found.items() if not isinstance(value, (str, dict, tuple))}


def differences(ours: dict[str, float], theirs: dict[str, float], missing=(), log_hu=LOG_HU) -> dict[str, float]:
    """Relative difference of every value that is there, beyond what `log_hu` explains of first-order LoG values."""
    found = {}
    for name, value in ours.items():
        if name not in missing:
            other = float(theirs[name])
            found[name] = max(abs(value - other) - _explained(name, theirs, log_hu), 0) / max(abs(other), 1e-9)
    return found


def _explained(name: str, theirs: dict[str, float], log_hu: float) -> float:
    """How far a first-order value of a LoG image may lie off if each of its gray values does by `log_hu`."""
    image, _, feature = name.split("_", 2)
    if not image.startswith("log-sigma"):
        return 0.0
    if feature in IN_HU:
        return log_hu
    if feature not in ("Variance", "Skewness", "Kurtosis", "Energy", "TotalEnergy"):
        return 0.0
    spread, size = (theirs[f"{image}_firstorder_{other}"] for other in ("Variance", "RootMeanSquared"))
    spread = spread**0.5
    share = {"Variance": 2 / spread, "Kurtosis": 4 / spread, "Energy": 2 / size, "TotalEnergy": 2 / size}
    return log_hu * (3 / spread if feature == "Skewness" else share[feature] * theirs[name])


@pytest.fixture(scope="session")
def made():
    """The functions of this file."""
    return SimpleNamespace(head_with=head_with, ball=ball, stock=stock, differences=differences)


@pytest.fixture(scope="session")
def settings():
    """The shipped settings of an extraction."""
    return RadiomicsSettings(parameters=PARAMETERS, drop_whole_image_diagnostics=False, truncate_resampled=False)


@pytest.fixture(scope="session")
def pair():
    """A head of 60 x 60 x 28 voxels, 2 x 2 x 5 mm, with a bleed of about 8 mL."""
    return head_with(ball((60, 60, 28), (20, 30, 12), (6, 8, 2.5)))


@pytest.fixture
def parameter_file(tmp_path):
    """A function: text to a parameter file's path."""

    def write(text: str) -> str:
        path = tmp_path / "parameters.yaml"
        path.write_text(text)
        return str(path)

    return write
