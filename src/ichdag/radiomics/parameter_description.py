"""Describe an extraction for the report: columns, image types, settings, versions, deviations from IBSI."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from ichdag.radiomics.parameters import column_names, image_names, validate_parameters

PACKAGES = ("pyradiomics", "numpy", "SimpleITK", "PyWavelets")
# Deviations from IBSI that the documentation of pyradiomics 3.0.1 lists, by the setting that causes them. The axis
# lengths are not in its list, but differ from the consensus values of IBSI's digital phantom in this way.
DEVIATIONS = {
    "always": (
        "kurtosis is not reduced by 3",
        "axis lengths divide by the number of voxels, not by one less",
        "first-order entropy and uniformity are IBSI's of the intensity histogram",
        "total energy and the largest diameters within a slice, row and column are not in IBSI",
        "the gray-level dependence matrix is IBSI's neighboring gray-level dependence matrix",
        "LoG, wavelet and pointwise filters are not those of the IBSI-2 reference",
    ),
    "bins from the minimum": (
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


def describe_parameters(
    path: str | Path, *, drop_whole_image_diagnostics: bool, truncate_resampled: bool
) -> dict[str, Any]:
    """Describe what a parameter file computes: its columns and their counts, settings, versions and deviations.

    `left_out` are the notes on what of the file is not used. Raises StudyError as `validate_parameters` does.
    """
    extractor = validate_parameters(path)
    columns = column_names(extractor, drop_whole_image_diagnostics=drop_whole_image_diagnostics)
    images = image_names(extractor.enabledImagetypes, extractor)
    settings = {name: value for name, value in extractor.settings.items() if value is not None}
    bin_width = {} if settings.get("binCount") else {"binWidth": settings.get("binWidth", 25)}
    conditions = _conditions(settings, truncate_resampled)
    return {
        "file": Path(path).name,
        "columns": columns,
        "image_types": images,
        "diagnostics": sum(name.startswith("diagnostics") for name in columns),
        "shape": sum("_shape" in name for name in columns),
        "per_image": sum(name.startswith(f"{images[-1]}_") for name in columns),
        "custom": {image_type: own for image_type, own in extractor.enabledImagetypes.items() if own},
        "settings": settings | bin_width,
        "left_out": extractor.notes,
        "versions": {package: version(package) for package in PACKAGES},
        "deviations": [
            deviation
            for name, deviations in DEVIATIONS.items()
            if conditions.get(name, settings.get(name))
            for deviation in deviations
        ],
    }


def _conditions(settings: dict[str, Any], truncate_resampled: bool) -> dict[str, bool]:
    """Return which deviations apply, of those that depend on more than one setting.

    IBSI starts bins of fixed width at the lower bound of the resegmentation range; where there is none, at the
    smallest gray value of the lesion. Source: Zwanenburg et al. 2020, Radiology 295:328.
    """
    has_bound = bool(settings.get("resegmentRange")) and settings.get("resegmentMode", "absolute") == "absolute"
    resampled = bool(settings.get("resampledPixelSpacing")) and not settings.get("normalize")
    return {
        "always": True,
        "bins from the minimum": not settings.get("binCount") and not has_bound,
        "bins from a bound": not settings.get("binCount") and has_bound,
        "fractions": resampled and not truncate_resampled,
        "truncated": resampled and truncate_resampled,
    }
