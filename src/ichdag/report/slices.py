"""Draw slices of a scan with outlines as small JPEG images, with Pillow alone: a job draws them for one participant."""

import base64
import io

import numpy as np
from PIL import Image
from scipy import ndimage

from ichdag.grids import apply_window
from ichdag.images import Volume

BRAIN_WINDOW_HU, WIDE_WINDOW_HU = (0, 80), (-1000, 1000)
PIXEL_MM, LARGEST_PIXELS = 0.8, 360
PLANES = (("axial", 2), ("coronal", 1), ("sagittal", 0))
MANUAL, PREDICTED = (230, 159, 0), (86, 180, 233)  # the figures' orange and sky blue


def mid_slices(scan: Volume, *, manual: Volume | None, predicted: Volume | None) -> list[dict[str, str]]:
    """Draw axial, coronal and sagittal slices at the largest lesion area, or the middle, with both outlines.

    Returns name, source (a data URI) and words of each. A sagittal slice in a wide window shows what the scan covers.
    """
    lesion = next((mask.values for mask in (manual, predicted) if mask is not None and mask.values.any()), None)
    pictures = []
    for name, axis in PLANES:
        index = scan.values.shape[axis] // 2
        if lesion is not None:
            others = tuple(other for other in range(3) if other != axis)
            index = int(lesion.sum(axis=others).argmax())
        outlines = [(mask, color, dashed) for mask, color, dashed in
                    ((manual, MANUAL, False), (predicted, PREDICTED, True)) if mask is not None]  # fmt: skip
        source = _picture(scan, axis, index, BRAIN_WINDOW_HU, outlines)
        pictures.append({"name": name, "source": source, "words": f"{name}, slice {index + 1}, 0 to 80 HU"})
    source = _picture(scan, 0, scan.values.shape[0] // 2, WIDE_WINDOW_HU, [])
    return [*pictures, {"name": "coverage", "source": source, "words": "sagittal, middle, −1000 to 1000 HU"}]


def histogram(scan: Volume, *, low: int, high: int, step: int) -> list[float]:
    """Compute the logarithm of voxel counts in bins of `step` HU from `low` to `high`, scaled to 0-1, of 1e6 voxels."""
    sample = scan.values.ravel()[:: scan.values.size // 1_000_000 + 1]
    counts = np.log1p(np.histogram(sample, bins=np.arange(low, high + step, step))[0])
    return [round(float(count), 3) for count in counts / max(counts.max(), 1)]


def _picture(
    scan: Volume, axis: int, index: int, window: tuple[float, float], outlines: list[tuple[Volume, tuple, bool]]
) -> str:
    """Draw one slice, square pixels, anterior or superior at the top, the patient's left on the viewer's right."""
    plane = np.take(scan.values, index, axis=axis)
    gray = (apply_window(plane, window) * 255).astype(np.uint8)
    spacing = np.delete(scan.spacing_mm, axis)
    pixel = max(PIXEL_MM, float((np.array(plane.shape) * spacing).max()) / LARGEST_PIXELS)
    size = (_pixels(plane.shape[0] * spacing[0] / pixel), _pixels(plane.shape[1] * spacing[1] / pixel))
    pixels = np.stack([_resized(gray, size, Image.Resampling.BILINEAR)] * 3, axis=-1)
    for mask, color, dashed in outlines:
        mask_pixels = (
            _resized(np.take(mask.values, index, axis=axis).astype(np.uint8) * 255, size, Image.Resampling.BILINEAR)
            > 127
        )
        edge = mask_pixels & ~ndimage.binary_erosion(mask_pixels)
        if dashed:
            edge &= np.add.outer(np.arange(edge.shape[0]), np.arange(edge.shape[1])) // 3 % 2 == 0
        pixels[edge] = color
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=88, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _pixels(length: float) -> int:
    """Round a length in pixels, to one at least."""
    return int(max(1, round(length)))


def _resized(plane: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    """Turn and resize a plane (i, j): j upward, i from the viewer's right to left."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane.T[::-1, ::-1])).resize(size, how))
