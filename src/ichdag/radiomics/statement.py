"""What an extraction is, for the report: columns, image types, versions, settings, deviations from IBSI."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from ichdag.radiomics.parameters import column_names, image_names, validated

PACKAGES = ("pyradiomics", "numpy", "SimpleITK", "PyWavelets")
# What the documentation of pyradiomics 3.0.1 says of itself, by the setting that brings it about; the axis lengths are
# not in it, but differ so from the consensus on IBSI's digital phantom.
DEVIATIONS = {
    "always": (
        "kurtosis is not reduced by 3",
        "axis lengths divide by the number of voxels, not by one less",
        "first-order entropy and uniformity are IBSI's of the intensity histogram",
        "total energy and the largest diameters within a slice, row and column are not in IBSI",
        "the gray-level dependence matrix is IBSI's neighboring gray-level dependence matrix",
        "LoG, wavelet and pointwise filters are not those of the IBSI-2 reference",
    ),
    "bins from the smallest": (
        "bins of fixed width start at a multiple of the width, not at the lesion's smallest gray value",
    ),
    "bins from a bound": (
        "bins of fixed width start at the multiple of the width below the lesion's smallest gray value, not at the "
        "lower bound of resegmentation",
    ),
    "resampledPixelSpacing": (
        "resampling aligns the corner of the grid, not its center, and takes the nearest voxel for the mask",
    ),
    "fractions": ("gray values are not rounded to whole HU after resampling",),
    "truncated": ("gray values are cut to whole HU after resampling, not rounded",),
    "resegmentRange": ("resegmentation changes the intensity mask and, only if asked, the shape's",),
    "voxelArrayShift": ("gray values are shifted before energy and root mean square",),
}


def describe(path: str | Path, *, drop_whole_image_diagnostics: bool, truncate_resampled: bool) -> dict[str, Any]:
    """The record of a parameter file: file, columns, image_types, classes, settings, left_out, versions,
    deviations.

    Raises StudyError as `validated` does.
    """
    extractor = validated(path)
    columns = column_names(extractor, drop_whole_image_diagnostics=drop_whole_image_diagnostics)
    images = image_names(extractor.enabledImagetypes, extractor)
    settings = {name: value for name, value in extractor.settings.items() if value is not None}
    binned = {} if settings.get("binCount") else {"binWidth": settings.get("binWidth", 25)}
    apply = _conditions(settings, truncate_resampled)
    return {
        "file": Path(path).name,
        "columns": columns,
        "image_types": images,
        "diagnostics": sum(name.startswith("diagnostics") for name in columns),
        "shape": sum("_shape" in name for name in columns),
        "per_image": sum(name.startswith(f"{images[-1]}_") for name in columns),
        "custom": {kind: own for kind, own in extractor.enabledImagetypes.items() if own},
        "settings": settings | binned,
        "left_out": extractor.notes,
        "versions": {package: version(package) for package in PACKAGES},
        "deviations": [told for name in DEVIATIONS for told in DEVIATIONS[name] if apply.get(name, settings.get(name))],
    }


def _conditions(settings: dict[str, Any], truncate_resampled: bool) -> dict[str, bool]:
    """Whether each deviation that hangs on more than a setting of its name applies.

    IBSI starts bins of fixed width at the lower bound of resegmentation by gray value; where there is none, at the
    lesion's smallest gray value. Source: Zwanenburg et al. 2020, Radiology 295:328.
    """
    bound = bool(settings.get("resegmentRange")) and settings.get("resegmentMode", "absolute") == "absolute"
    resampled = bool(settings.get("resampledPixelSpacing")) and not settings.get("normalize")
    return {
        "always": True,
        "bins from the smallest": not settings.get("binCount") and not bound,
        "bins from a bound": not settings.get("binCount") and bound,
        "fractions": resampled and not truncate_resampled,
        "truncated": resampled and truncate_resampled,
    }
