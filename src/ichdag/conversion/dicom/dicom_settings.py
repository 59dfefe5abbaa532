"""Settings of the DICOM conversion; units are in the names, meanings in config/schemas/conversion.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DicomSettings:
    """Limits of geometry, and the words and kernels that the rules of selection use."""

    min_slices: int
    min_coverage_mm: float
    min_slice_step_mm: float
    max_axial_degrees: float
    min_tilt_degrees: float
    max_tilt_degrees: float
    tilt_tolerance_degrees: float
    position_tolerance_mm: float
    resample_variable_spacing: bool
    max_gap_mm: float
    soft_tissue_kernels: tuple[str, ...]
    sharp_kernels: tuple[str, ...]
    soft_tissue_words: tuple[str, ...]
    sharp_words: tuple[str, ...]
    contrast_words: tuple[str, ...]
    no_contrast_words: tuple[str, ...]
    head_words: tuple[str, ...]
    other_body_words: tuple[str, ...]
    excluded_words: tuple[str, ...]
    excluded_image_types: tuple[str, ...]
    max_files: int
    max_unpacked_gb: float
