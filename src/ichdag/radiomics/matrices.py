"""pyradiomics' feature classes, told only the gray levels that occur: binned once an image, ranked for the matrices.

A piece of bone in the mask makes thousands of gray levels of an exponential image, of which a hundred occur. The
matrices of pyradiomics have a row for each level up to the largest; those that do not occur are left out afterwards.
"""

from functools import cache, reduce
from typing import Any

import numpy as np
from radiomics import cMatrices, getFeatureClasses, imageoperations

from ichdag.number_format import format_plain

MOST_BINS = 2**24  # of an image, 128 MiB of edges: 32,767 HU in the exponential image as shipped make 3.3 million


class TooManyLevels(ValueError):
    """So many bins, or a matrix of so many gray levels, would be larger than a job may hold."""


def binned(values: np.ndarray, mask: np.ndarray, settings: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels of an image (int32, 0 outside the mask) and those that occur, in their order.

    Source: pyradiomics, imageoperations.binImage; its edges depend on nothing but the extremes. Raises TooManyLevels
    before it makes more edges than a job may hold.
    """
    inside = values[mask]
    low, high = inside.min(), inside.max()
    _refuse_bins(float(low), float(high), settings)
    edges = imageoperations.getBinEdges(np.array([low, high]), **settings)
    levels = np.zeros(values.shape, dtype=np.int32)
    levels[mask] = np.digitize(inside, edges)
    return levels, np.unique(levels[mask])


def _refuse_bins(low: float, high: float, settings: dict[str, Any]) -> None:
    """Refuse gray values that are not finite, or lie too far apart for the width of the bins."""
    span = f"gray values from {format_plain(low, 6)} to {format_plain(high, 6)}"
    if not np.isfinite([low, high]).all():
        raise TooManyLevels(f"{span} cannot be binned")
    if settings.get("binCount") is None:
        width = settings.get("binWidth", 25)
        bins = (high - low) / width
        if not bins <= MOST_BINS:
            raise TooManyLevels(f"{span} make more than {MOST_BINS} bins of width {format_plain(width)}")


class _BinnedOnce:
    """Binning of a feature class that takes over what another class has binned in the same image."""

    @classmethod
    @cache
    def getFeatureNames(cls):  # noqa: N802, pyradiomics' name
        return super().getFeatureNames()

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:  # noqa: N802, pyradiomics' name
        shared = self.settings["binned"]
        if not shared:
            shared["matrix"], shared["levels"] = binned(matrix, self.maskArray, self.settings)
        self.coefficients["grayLevels"] = shared["levels"].copy()
        self.coefficients["Ng"] = int(shared["levels"].max())
        return shared["matrix"].copy()


class _Ranked(_BinnedOnce):
    """A matrix with a row for each gray level that occurs; its features have the true levels."""

    largest_mib = 384  # a job of 3 GB holds it with the features' copies

    def _calculateMatrix(self, voxelCoordinates=None):  # noqa: N802, N803, pyradiomics' names
        levels, image, highest = self.coefficients["grayLevels"], self.imageArray, self.coefficients["Ng"]
        self.refuse_large(len(levels))
        self.coefficients |= {"grayLevels": np.arange(1, len(levels) + 1), "Ng": len(levels)}
        if len(levels) < highest:
            self.imageArray = (np.searchsorted(levels, image) + 1).astype(image.dtype)
        try:
            return super()._calculateMatrix(voxelCoordinates)
        finally:
            self.coefficients |= {"grayLevels": levels, "Ng": highest}
            self.imageArray = image

    def refuse_large(self, rows: int) -> None:
        """Raise TooManyLevels for a matrix of so many gray levels that is larger than a job may hold."""
        mib = rows * self.columns() * np.dtype(float).itemsize / 2**20
        if mib > self.largest_mib:
            raise TooManyLevels(
                f"{rows} gray levels make a matrix of {mib:.0f} MiB, more than the {self.largest_mib} that are "
                "computed; wider bins make fewer levels"
            )

    def columns(self) -> int:
        """Numbers in a row of the matrix, at most: other levels, runs or zones, along each angle."""
        raise NotImplementedError

    def angles(self, distances: list[int]) -> int:
        """The number of directions that pyradiomics looks along in this lesion."""
        plane = self.settings.get("force2D", False), self.settings.get("force2Ddimension", 0)
        return len(cMatrices.generate_angles(np.array(self.imageArray.shape), np.array(distances), False, *plane))


class _RankedPairs(_Ranked):
    """GLCM; its sums and differences of two gray levels are those that occur, not all up to the largest."""

    largest_mib = 100  # 1000 gray levels in 3D, whose eigenvalues (MCC) take two minutes an image

    def columns(self) -> int:
        return len(self.coefficients["grayLevels"]) * self.angles(self.settings.get("distances", [1]))

    def _calculateCoefficients(self):  # noqa: N802, pyradiomics' name
        highest = self.coefficients["Ng"]
        self.coefficients["Ng"] = 1
        super()._calculateCoefficients()
        i, j = self.coefficients["i"], self.coefficients["j"]
        sums, differences = self._marginal(i + j), self._marginal(np.abs(i - j))
        self.coefficients |= dict(zip(("kValuesSum", "pxAddy"), sums, strict=True))
        self.coefficients |= dict(zip(("kValuesDiff", "pxSuby"), differences, strict=True), Ng=highest)

    def _marginal(self, of_pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values that a number of each pair of levels takes, and their probabilities (1, values, angles)."""
        values, place = np.unique(of_pair, return_inverse=True)
        shares = np.zeros((1, len(values), self.P_glcm.shape[-1]))
        np.add.at(shares[0], place.ravel(), self.P_glcm[0].reshape(place.size, -1))
        return values, shares


class _Moments(_BinnedOnce):
    """First-order features; powers are products, ten times as fast as `numpy.power`.

    Only entropy and uniformity look at bins: `unbinned` says why there are none, and the others are computed.
    """

    unbinned = ""

    def _applyBinning(self, matrix: np.ndarray) -> np.ndarray:  # noqa: N802, pyradiomics' name
        try:
            return super()._applyBinning(matrix)
        except TooManyLevels as error:
            self.unbinned = str(error)
            return np.ones(matrix.shape, dtype=np.int32)

    @staticmethod
    def _moment(a: np.ndarray, moment: int = 1) -> np.ndarray:
        distance = a - a.mean(axis=1, keepdims=True)
        return reduce(np.multiply, [distance] * moment).mean(axis=1)


class _RankedRuns(_Ranked):
    def columns(self) -> int:
        return max(self.imageArray.shape) * self.angles([1])


class _RankedZones(_Ranked):
    """GLSZM; no zone has more voxels than its gray level has."""

    def columns(self) -> int:
        return int(np.unique(self.imageArray[self.maskArray], return_counts=True)[1].max())


class _RankedDependences(_Ranked):
    """GLDM; ranks would change which levels count as near where `gldm_a` lets others than the same be near."""

    def columns(self) -> int:
        return 2 * self.angles(self.settings.get("distances", [1])) + 1

    def _calculateMatrix(self, voxelCoordinates=None):  # noqa: N802, N803, pyradiomics' names
        if self.gldm_a:
            self.refuse_large(self.coefficients["Ng"])
            return super(_Ranked, self)._calculateMatrix(voxelCoordinates)
        matrix = super()._calculateMatrix(voxelCoordinates)
        self.coefficients["ivector"] = self.coefficients["grayLevels"].astype(float)
        return matrix


WAYS = {
    "firstorder": _Moments,
    "glcm": _RankedPairs,
    "glrlm": _RankedRuns,
    "glszm": _RankedZones,
    "gldm": _RankedDependences,
}
GRAY_CLASSES = {
    name: type(kind.__name__, (WAYS.get(name, _BinnedOnce), kind), {"__module__": kind.__module__})
    for name, kind in getFeatureClasses().items()
    if not name.startswith("shape")
}
