"""Describe the radiomics of this study in words, from the record of the parameter file."""

from typing import Any

from ichdag.number_format import format_plain

CLASSES = {"shape": "shape", "shape2D": "shape within a slice", "firstorder": "first order"}  # others are matrices


def grid_words(statement: dict[str, Any]) -> str:
    """Describe the voxels and gray values of the features, to follow the word 'computed' or 'radiomics'."""
    spacing = _resampled(statement["settings"])
    normalized = bool(statement["settings"].get("normalize"))
    if not spacing and not normalized:
        return "on the scan's own grid and gray values"
    grid = f"on voxels resampled to {spacing}" if spacing else "on the scan's own grid"
    return f"{grid}, with normalized gray values" if normalized else grid


def class_words(statement: dict[str, Any]) -> str:
    """List the classes of features, in the order of the columns."""
    columns = [name for name in statement["columns"] if not name.startswith("diagnostics")]
    classes = dict.fromkeys(name.rsplit("_", 2)[-2] for name in columns)
    return ", ".join(CLASSES.get(name, name.upper()) for name in classes) or "none"


def _resampled(settings: dict[str, Any]) -> str:
    """Format the voxel size that scans are resampled to, empty if they are not; 0 keeps the scan's own size."""
    spacing = settings.get("resampledPixelSpacing") or []
    if not any(spacing) or not settings.get("interpolator", True):
        return ""
    return f"{', '.join(_plain(edge) if edge else 'own' for edge in spacing)} mm"


def radiomics_words(statement: dict[str, Any]) -> str:
    """Describe number of columns, image types, settings, versions, and deviations from IBSI."""
    settings = statement["settings"]
    versions = statement["versions"]
    types = statement["image_types"]
    bins = (
        f"{settings['binCount']} bins"
        if settings.get("binCount")
        else f"bins of width {format_plain(settings['binWidth'])}"
    )
    custom_text = "; ".join(f"{kind} {_pairs(custom)}" for kind, custom in statement["custom"].items())
    spacing = _resampled(settings)
    return (
        f"{len(statement['columns'])} radiomic columns: {statement['diagnostics']} diagnostics, {statement['shape']} "
        f"of shape, and {statement['per_image']} in each of {len(types)} image types ({', '.join(types)}), by "
        f"pyradiomics {versions['pyradiomics']} (numpy {versions['numpy']}, SimpleITK {versions['SimpleITK']}, "
        f"PyWavelets {versions['PyWavelets']}) with the parameter file {statement['file']}: "
        f"{f'voxels of {spacing}' if spacing else 'no resampling'}, "
        f"{'normalized gray values' if settings.get('normalize') else 'no normalization'}, {bins}"
        f"{f' (other values: {custom_text})' if custom_text else ''}. "
        f"{_left_out(statement['left_out'])}Each filter was "
        "applied only to the part of the scan within its reach. This changes no value by more than 1e-6 of it, or in "
        "LoG images by one rounding to float32 (6e-8) of the largest |HU| within reach: 5e-6 HU in soft tissue, 1e-4 "
        "HU near bone of 1,700 HU. A feature that is not defined for a lesion (texture of a single voxel, skewness of "
        "one gray value) is missing: it is replaced by the median of the training part of the fold, and a column "
        "without a value there is dropped. "
        f"Documented deviations from IBSI: {'; '.join(statement['deviations'])}."
    )


def _left_out(notes: list[str]) -> str:
    """Write a sentence on what the parameter file asks for and pyradiomics does not compute; empty if nothing."""
    return f"Left out of the parameter file: {'; '.join(notes)}. " if notes else ""


def _pairs(custom: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in custom.items())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
