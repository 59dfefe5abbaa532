"""Read and validate pyradiomics' parameter file, and derive the columns that it makes, in their order."""

import logging
from pathlib import Path
from typing import Any

from radiomics import getFeatureClasses
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.bundled_files import own_or_bundled_path
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import StudyError
from ichdag.radiomics.feature_classes import SHAPE_CLASSES, feature_names
from ichdag.radiomics.filters import apply_filters
from ichdag.radiomics.parameter_checks import check_settings, make_trial_crop, try_parameters
from ichdag.radiomics.parameter_parsing import check_feature_names, explain_schema_error, parse_keys, silence_loggers
from ichdag.records import check_yaml_file_size

LABEL_SETTINGS = {"label", "label_channel"}
DIAGNOSTICS = (
    "diagnostics_Image-original_Mean",
    "diagnostics_Image-original_Minimum",
    "diagnostics_Image-original_Maximum",
    "diagnostics_Mask-original_VoxelNum",
    "diagnostics_Mask-original_VolumeNum",
)


class ParameterFile(RadiomicsFeatureExtractor):
    """pyradiomics' extractor with the settings of a file; `notes` say what of the file is left out, and why."""

    notes: list[str]


def read_parameters(path: str | Path) -> ParameterFile:
    """Read a parameter file as pyradiomics reads and validates it; `validate_parameters` also tries it on a small scan.

    A relative path is relative to the study, or else to this project. Raises StudyError if the file is missing or is
    not a parameter file of pyradiomics.
    """
    file = own_or_bundled_path(path)
    if not file.is_file():
        raise StudyError(f"radiomics parameter file {path} not found: correct config radiomics.parameters")
    silence_loggers()
    keys: dict[str, Any] = {}
    try:
        check_yaml_file_size(file)
        keys, notes = parse_keys(file)
        for class_name, names in _listed_features(keys).items():
            check_feature_names(class_name, names)
        extractor = ParameterFile(keys)
    except Exception as error:  # pykwalify and ruamel.yaml have exceptions of their own
        raise_machine_fault(error)
        raise StudyError(f"{path} is not a pyradiomics parameter file: {explain_schema_error(error, keys)}") from error
    extractor.settings = _without_label(extractor.settings) | {"label": 1}
    image_types = extractor.enabledImagetypes.items()
    extractor.enabledImagetypes = {image_type: _without_label(own or {}) for image_type, own in image_types}
    all_classes: dict[str, list[str]] = {class_name: [] for class_name in getFeatureClasses()}
    if extractor.enabledFeatures == all_classes and not extractor.settings["force2D"]:  # the file lists no class
        del extractor.enabledFeatures["shape2D"]
    extractor.notes = notes + _drop_removed_features(extractor)
    return extractor


def _listed_features(keys: dict[str, Any]) -> dict[str, list[str]]:
    """Return the features that a file lists, for the classes that pyradiomics has."""
    classes = keys.get("featureClass")
    listed = classes.items() if isinstance(classes, dict) else ()
    return {name: features for name, features in listed if isinstance(features, list) and name in getFeatureClasses()}


def _drop_removed_features(extractor: RadiomicsFeatureExtractor) -> list[str]:
    """Drop the features that pyradiomics still lists but no longer computes; return notes on what equals them.

    They stand in older published files; pyradiomics leaves them out of its results, too.
    """
    notes: list[str] = []
    for class_name, names in list(extractor.enabledFeatures.items()):
        reasons = {name: _removal_reason(class_name, name) for name in names or ()}
        removed = {name: reason for name, reason in reasons.items() if reason}
        notes += [f"{class_name}: {name} is not computed by pyradiomics any more: {removed[name]}" for name in removed]
        if removed:
            extractor.enabledFeatures[class_name] = [name for name in names if name not in removed]
            if not extractor.enabledFeatures[class_name]:
                del extractor.enabledFeatures[class_name]
    return notes


def _removal_reason(class_name: str, name: str) -> str:
    """Return why pyradiomics does not compute a feature; empty if it computes it."""
    feature_class = getFeatureClasses()[class_name]
    if not feature_class.getFeatureNames()[name]:
        return ""
    try:
        getattr(feature_class, f"get{name}FeatureValue")(None)
    except DeprecationWarning as warning:
        return str(warning).partition(", see ")[0]
    except Exception:  # deprecated but still computed: it fails here because it has no image
        return ""
    return ""


def _without_label(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings without the choice of a label: in this workflow the lesion has label 1."""
    return {name: value for name, value in settings.items() if name not in LABEL_SETTINGS}


def validate_parameters(path: str | Path) -> ParameterFile:
    """Read a parameter file, try everything in it on a small scan, and log what of it is left out.

    Raises StudyError as `read_parameters` does, and if the file asks for something that cannot be computed in any scan.
    """
    extractor = read_parameters(path)
    try:
        check_settings(extractor)
        try_parameters(extractor)
    except Exception as error:  # PyWavelets and SimpleITK have exceptions of their own
        raise_machine_fault(error)
        problems = "; ".join([str(error), *extractor.notes])
        raise StudyError(f"{path} is not a pyradiomics parameter file that can be used here: {problems}") from error
    for note in extractor.notes:
        logging.getLogger(__name__).warning("%s: %s", path, note)
    return extractor


def image_names(image_types: dict[str, dict[str, Any]], extractor: RadiomicsFeatureExtractor) -> list[str]:
    """Return pyradiomics' names of the images of these image types, in their order, from a small trial scan."""
    crop = make_trial_crop(image_types, extractor.settings)
    images = apply_filters(crop, image_types=image_types, settings=extractor.settings)
    return [name for _, name, _ in images]


def column_names(extractor: RadiomicsFeatureExtractor, *, drop_whole_image_diagnostics: bool) -> list[str]:
    """Return the columns of a parameter file: diagnostics, shape, then each class of each image; 1693 as shipped."""
    diagnostics = DIAGNOSTICS[3 * drop_whole_image_diagnostics :] if extractor.settings.get("additionalInfo") else ()
    shape_columns: list[str] = []
    gray_level_names: list[str] = []
    for class_name, enabled in extractor.enabledFeatures.items():
        names = [f"{class_name}_{name}" for name in feature_names(class_name, enabled)]
        if class_name not in SHAPE_CLASSES:
            gray_level_names += names
        elif class_name == "shape" or extractor.settings.get("force2D"):
            shape_columns += [f"original_{name}" for name in names]
    images = image_names(extractor.enabledImagetypes, extractor)
    return [*diagnostics, *shape_columns, *(f"{image}_{name}" for image in images for name in gray_level_names)]
