"""pyradiomics' first-order and texture classes, with one binning per image and matrices of the gray levels that occur.

A piece of bone in the mask makes thousands of gray levels in an exponential image, of which a hundred occur. The
matrices of pyradiomics have a row for each level up to the largest, and drop those that do not occur afterwards.
"""

from functools import cache, reduce
from typing import Any

import numpy as np
from radiomics import cMatrices, imageoperations
from radiomics.base import RadiomicsFeaturesBase
from radiomics.firstorder import RadiomicsFirstOrder
from radiomics.glcm import RadiomicsGLCM
from radiomics.gldm import RadiomicsGLDM
from radiomics.glrlm import RadiomicsGLRLM
from radiomics.glszm import RadiomicsGLSZM
from radiomics.ngtdm import RadiomicsNGTDM

from ichdag.number_format import format_plain

# Bins of an image: 128 MiB of edges. 32,767 HU in the exponential image of the shipped file make 3.3 million bins.
MAX_BINS = 2**24


class TooManyGrayLevels(ValueError):
    """The bins, or the matrix of the gray levels, need more memory than a job may use."""


def bin_image(values: np.ndarray, mask: np.ndarray, settings: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the gray levels of an image (int32, 0 outside the mask) and the sorted levels that occur.

    Raises TooManyGrayLevels before it makes more bin edges than a job may hold. Source: pyradiomics,
    imageoperations.binImage; its edges depend only on the smallest and the largest gray value.
    """
    lesion_values = values[mask]
    low = lesion_values.min()
    high = lesion_values.max()
    _check_bins(float(low), float(high), settings)
    edges = imageoperations.getBinEdges(np.array([low, high]), **settings)
    levels = np.zeros(values.shape, dtype=np.int32)
    levels[mask] = np.digitize(lesion_values, edges)
    return levels, np.unique(levels[mask])


def _check_bins(low: float, high: float, settings: dict[str, Any]) -> None:
    """Raise TooManyGrayLevels if gray values are not finite, or their range has too many bins of the bin width."""
    span = f"gray values from {format_plain(low, 6)} to {format_plain(high, 6)}"
    if not np.isfinite([low, high]).all():
        raise TooManyGrayLevels(f"{span} cannot be binned")
    if settings.get("binCount") is None:
        width = settings.get("binWidth", 25)
        bins = (high - low) / width
        if not bins <= MAX_BINS:
            raise TooManyGrayLevels(f"{span} make more than {MAX_BINS} bins of width {format_plain(width)}")


class _SharedBins(RadiomicsFeaturesBase):
    """A feature class that takes the bins of its image from `settings["shared_bins"]`, or puts them there.

    `__module__` is that of pyradiomics in all classes of this file, because pyradiomics names its loggers by it.
    """

    __module__ = "radiomics.base"

    @classmethod
    @cache
    def getFeatureNames(cls) -> dict[str, bool]:  # noqa: N802, pyradiomics' name
        """Return the features of the class, and whether each is deprecated."""
        return super().getFeatureNames()

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:  # noqa: N802, pyradiomics' name
        """Return the gray levels of an image, and set those that occur and the largest one."""
        shared = self.settings["shared_bins"]
        if not shared:
            shared["image"], shared["levels"] = bin_image(matrix, self.maskArray, self.settings)
        self.coefficients["grayLevels"] = shared["levels"].copy()
        self.coefficients["Ng"] = int(shared["levels"].max())
        return shared["image"].copy()


class _OccurringLevels(_SharedBins):
    """A texture class whose matrix has a row for each gray level that occurs; its features use the true levels."""

    __module__ = "radiomics.base"
    imageArray: np.ndarray
    max_mib = 384  # fits in a job of 3 GB with the copies that the features need

    def _calculateMatrix(self, voxelCoordinates: Any = None) -> np.ndarray:  # noqa: N802, N803, pyradiomics' names
        """Return the matrix of the image with levels replaced by their ranks; restore the levels afterwards."""
        levels = self.coefficients["grayLevels"]
        image = self.imageArray
        max_level = self.coefficients["Ng"]
        self.check_matrix_size(len(levels))
        self.coefficients |= {"grayLevels": np.arange(1, len(levels) + 1), "Ng": len(levels)}
        if len(levels) < max_level:
            self.imageArray = (np.searchsorted(levels, image) + 1).astype(image.dtype)
        try:
            return super()._calculateMatrix(voxelCoordinates)
        finally:
            self.coefficients |= {"grayLevels": levels, "Ng": max_level}
            self.imageArray = image

    def check_matrix_size(self, rows: int) -> None:
        """Raise TooManyGrayLevels if the matrix of this many gray levels is larger than `max_mib`."""
        mib = rows * self.row_length() * np.dtype(float).itemsize / 2**20
        if mib > self.max_mib:
            raise TooManyGrayLevels(
                f"{rows} gray levels make a matrix of {mib:.0f} MiB, more than the {self.max_mib} that are "
                "computed; wider bins make fewer levels"
            )

    def row_length(self) -> int:
        """Return the largest number of entries in a row: other levels, run lengths or zone sizes, for each angle."""
        raise NotImplementedError

    def count_angles(self, distances: list[int]) -> int:
        """Return the number of directions that pyradiomics uses in this lesion."""
        plane = self.settings.get("force2D", False), self.settings.get("force2Ddimension", 0)
        return len(cMatrices.generate_angles(np.array(self.imageArray.shape), np.array(distances), False, *plane))


class FirstOrder(_SharedBins, RadiomicsFirstOrder):
    """First-order features; powers are products, ten times as fast as `numpy.power`.

    Only entropy and uniformity need bins. Where binning fails, `unbinned` is the reason; the others are computed.
    """

    __module__ = "radiomics.firstorder"
    unbinned = ""

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:  # noqa: N802, pyradiomics' name
        """Return the gray levels of an image; a single level where they are too many."""
        try:
            return super()._applyBinning(matrix)
        except TooManyGrayLevels as error:
            self.unbinned = str(error)
            return np.ones(matrix.shape, dtype=np.int32)

    @staticmethod
    def _moment(a: np.ndarray, moment: int = 1) -> np.ndarray:
        """Return the central moment of each row."""
        distance = a - a.mean(axis=1, keepdims=True)
        return reduce(np.multiply, [distance] * moment).mean(axis=1)


class Glcm(_OccurringLevels, RadiomicsGLCM):
    """GLCM; the sums and differences of two gray levels are those that occur, not all up to the largest."""

    __module__ = "radiomics.glcm"
    max_mib = 100  # 1000 gray levels in 3D, whose eigenvalues (MCC) take two minutes per image

    def row_length(self) -> int:
        """Return the number of gray levels times angles."""
        return len(self.coefficients["grayLevels"]) * self.count_angles(self.settings.get("distances", [1]))

    def _calculateCoefficients(self) -> None:  # noqa: N802, pyradiomics' name
        """Compute pyradiomics' coefficients, with its sums and differences replaced by those that occur."""
        max_level = self.coefficients["Ng"]
        self.coefficients["Ng"] = 1
        super()._calculateCoefficients()
        i = self.coefficients["i"]
        j = self.coefficients["j"]
        sums, sum_probabilities = self._marginal(i + j)
        differences, difference_probabilities = self._marginal(np.abs(i - j))
        self.coefficients |= {"kValuesSum": sums, "pxAddy": sum_probabilities, "Ng": max_level}
        self.coefficients |= {"kValuesDiff": differences, "pxSuby": difference_probabilities}

    def _marginal(self, pair_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distinct values of a function of level pairs, and their probabilities (1, values, angles)."""
        values, indices = np.unique(pair_values, return_inverse=True)
        probabilities = np.zeros((1, len(values), self.P_glcm.shape[-1]))
        np.add.at(probabilities[0], indices.ravel(), self.P_glcm[0].reshape(indices.size, -1))
        return values, probabilities


class Glrlm(_OccurringLevels, RadiomicsGLRLM):
    """GLRLM."""

    __module__ = "radiomics.glrlm"

    def row_length(self) -> int:
        """Return the largest run length times angles."""
        return max(self.imageArray.shape) * self.count_angles([1])


class Glszm(_OccurringLevels, RadiomicsGLSZM):
    """GLSZM."""

    __module__ = "radiomics.glszm"

    def row_length(self) -> int:
        """Return the largest possible zone: the number of voxels of the most frequent gray level."""
        _, counts = np.unique(np.asarray(self.imageArray[self.maskArray]), return_counts=True)
        return int(counts.max())


class Gldm(_OccurringLevels, RadiomicsGLDM):
    """GLDM; ranks are used only where `gldm_a` is 0, for otherwise they would change which levels are dependent."""

    __module__ = "radiomics.gldm"

    def row_length(self) -> int:
        """Return the largest number of dependent neighbors, plus one."""
        return 2 * self.count_angles(self.settings.get("distances", [1])) + 1

    def _calculateMatrix(self, voxelCoordinates: Any = None) -> np.ndarray:  # noqa: N802, N803, pyradiomics' names
        """Return the matrix of the ranks, or that of the levels themselves where `gldm_a` is not 0."""
        if self.gldm_a:
            self.check_matrix_size(self.coefficients["Ng"])
            return RadiomicsGLDM._calculateMatrix(self, voxelCoordinates)
        matrix = super()._calculateMatrix(voxelCoordinates)
        self.coefficients["ivector"] = self.coefficients["grayLevels"].astype(float)
        return matrix


class Ngtdm(_SharedBins, RadiomicsNGTDM):
    """NGTDM."""

    __module__ = "radiomics.ngtdm"


GRAY_LEVEL_CLASSES = {
    "firstorder": FirstOrder,
    "glcm": Glcm,
    "gldm": Gldm,
    "glrlm": Glrlm,
    "glszm": Glszm,
    "ngtdm": Ngtdm,
}
