"""The radiomics of this study in words, from the record of the parameter file that was used."""

from typing import Any

from ichdag.numerals import numeral


def radiomics_words(statement: dict[str, Any]) -> str:
    """How many columns of which image types, with which settings and version, and where they are not IBSI's."""
    settings, versions = statement["settings"], statement["versions"]
    types = statement["image_types"]
    bins = (
        f"{settings['binCount']} bins" if settings.get("binCount") else f"bins of width {numeral(settings['binWidth'])}"
    )
    own = "; ".join(f"{kind} {_pairs(custom)}" for kind, custom in statement["custom"].items())
    grid = settings.get("resampledPixelSpacing")
    return (
        f"{len(statement['columns'])} radiomic columns: {statement['diagnostics']} diagnostics, {statement['shape']} "
        f"of shape, and {statement['per_image']} in each of {len(types)} image types ({', '.join(types)}), by "
        f"pyradiomics {versions['pyradiomics']} (numpy {versions['numpy']}, SimpleITK {versions['SimpleITK']}, "
        f"PyWavelets {versions['PyWavelets']}) with the parameter file {statement['file']}: "
        f"{f'voxels of {_plain(grid)} mm' if grid else 'no resampling'}, "
        f"{'normalized gray values' if settings.get('normalize') else 'no normalization'}, {bins}"
        f"{f' (of their own: {own})' if own else ''}. {_left_out(statement['left_out'])}Each filter was given as "
        "much of the scan as it reaches, which changes no value by more than 1e-6 of it, or in LoG images by one "
        "rounding to float32 (6e-8) of the largest |HU| in reach: 5e-6 HU in soft tissue, 1e-4 HU beside bone of 1,700 "
        "HU. A feature that a lesion does not define (texture of a single voxel, skewness of one gray value) is "
        "missing: it gets the median of the training part of the fold, and a column without a value there is dropped. "
        f"Documented deviations from IBSI: {'; '.join(statement['deviations'])}."
    )


def _left_out(notes: list[str]) -> str:
    """A sentence on what the parameter file asks for and pyradiomics does not compute; empty where it asks for none."""
    return f"Left out of the parameter file: {'; '.join(notes)}. " if notes else ""


def _pairs(custom: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in custom.items())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
