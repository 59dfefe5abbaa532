"""Settings that had another name in an earlier version: an old key is refused with the new one."""

from collections.abc import Mapping
from typing import Any

from ichdag.cohort.validation.fault_table import Fault

RENAMED = {
    "cohort.masks_on_other_grids": "conversion.masks_on_other_grids",
    "cohort.dicom": "conversion.dicom",
    "cohort.smallest_lesion_ml": "cohort.min_lesion_ml",
    "cohort.largest_lesion_ml": "cohort.max_lesion_ml",
    "segmentation.smallest_component_ml": "segmentation.min_component_ml",
    "segmentation.cleanup.smallest_components_ml": "segmentation.cleanup.min_components_ml",
    "segmentation.augmentation.chance": "segmentation.augmentation.probability",
    "radiomics.repeatability.smallest_icc": "radiomics.repeatability.min_icc",
    "evaluation.smallest_probability": "evaluation.min_probability",
    "checks.largest_lesion_ml": "checks.max_lesion_ml",
    "cohort.dicom.smallest_slices": "conversion.dicom.min_slices",
    "cohort.dicom.smallest_coverage_mm": "conversion.dicom.min_coverage_mm",
    "cohort.dicom.thinnest_mm": "conversion.dicom.min_slice_step_mm",
    "cohort.dicom.largest_axial_degrees": "conversion.dicom.max_axial_degrees",
    "cohort.dicom.smallest_tilt_degrees": "conversion.dicom.min_tilt_degrees",
    "cohort.dicom.largest_tilt_degrees": "conversion.dicom.max_tilt_degrees",
    "cohort.dicom.largest_gap_mm": "conversion.dicom.max_gap_mm",
    "cohort.dicom.largest_files": "conversion.dicom.max_files",
    "cohort.dicom.largest_unpacked_gb": "conversion.dicom.max_unpacked_gb",
    "cohort.dicom.left_out_words": "conversion.dicom.excluded_words",
    "cohort.dicom.left_out_image_types": "conversion.dicom.excluded_image_types",
}


def renamed_faults(config: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each key of the configuration that has a new name."""
    return [
        Fault(f"config {old}", f"this setting is now called {new}", f"Rename it to {new}; its meaning is the same")
        for old, new in RENAMED.items()
        if _has(config, old)
    ]


def without_renamed(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the configuration without the keys that have a new name."""
    return {
        key: without_renamed(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in config.items()
        if f"{prefix}{key}" not in RENAMED
    }


def _has(config: Any, key: str) -> bool:
    """Tell whether the configuration has a dotted key."""
    for name in key.split("."):
        if not isinstance(config, Mapping) or name not in config:
            return False
        config = config[name]
    return True
