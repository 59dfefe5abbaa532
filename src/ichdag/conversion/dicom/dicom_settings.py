"""Settings of the DICOM conversion; units are in the names, meanings in config/schemas/conversion.schema.json."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DicomSettings:
    """Limits of geometry, and the words and kernels that the rules of selection use."""

    smallest_slices: int
    smallest_coverage_mm: float
    thinnest_mm: float
    largest_axial_degrees: float
    smallest_tilt_degrees: float
    largest_tilt_degrees: float
    tilt_tolerance_degrees: float
    position_tolerance_mm: float
    resample_variable_spacing: bool
    largest_gap_mm: float
    soft_tissue_kernels: tuple[str, ...]
    sharp_kernels: tuple[str, ...]
    soft_tissue_words: tuple[str, ...]
    sharp_words: tuple[str, ...]
    contrast_words: tuple[str, ...]
    no_contrast_words: tuple[str, ...]
    head_words: tuple[str, ...]
    other_body_words: tuple[str, ...]
    left_out_words: tuple[str, ...]
    left_out_image_types: tuple[str, ...]
    largest_files: int
    largest_unpacked_gb: float
