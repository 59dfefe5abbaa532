"""pyradiomics' parameter file: read, validated, and what it makes: the columns, in their order."""

import logging
from pathlib import Path
from typing import Any

from radiomics import getFeatureClasses
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.bundled_files import own_or_bundled_path
from ichdag.file_errors import raise_machine_fault
from ichdag.jobs import StudyError
from ichdag.radiomics.engine import feature_names
from ichdag.radiomics.filters import filtered
from ichdag.radiomics.reading import in_words, quiet, read_keys, refuse_strangers
from ichdag.radiomics.unusable import refuse_unusable, trial_scene, try_out
from ichdag.records import check_yaml_file_size

LABELS = {"label", "label_channel"}
DIAGNOSTICS = (
    "diagnostics_Image-original_Mean",
    "diagnostics_Image-original_Minimum",
    "diagnostics_Image-original_Maximum",
    "diagnostics_Mask-original_VoxelNum",
    "diagnostics_Mask-original_VolumeNum",
)


class ParameterFile(RadiomicsFeatureExtractor):
    """pyradiomics with the settings of a file; `notes` say what of the file is left out, and why."""

    notes: list[str]


def read_parameters(path: str | Path) -> ParameterFile:
    """pyradiomics with a parameter file, as it reads and validates it; `validated` tries whether it can be used.

    A relative path is that of the study, or else of this project. Raises StudyError if the file is missing or is not
    one.
    """
    file = own_or_bundled_path(path)
    if not file.is_file():
        raise StudyError(f"radiomics parameter file {path} not found: mend config radiomics.parameters")
    quiet()
    keys: dict[str, Any] = {}
    try:
        check_yaml_file_size(file)
        keys, notes = read_keys(file)
        for title, wanted in _named_features(keys).items():
            refuse_strangers(title, wanted)
        extractor = ParameterFile(keys)
    except Exception as error:  # pykwalify and ruamel.yaml each raise their own
        raise_machine_fault(error)
        raise StudyError(f"{path} is not a pyradiomics parameter file: {in_words(error, keys)}") from error
    extractor.settings = _of_lesion(extractor.settings) | {"label": 1}
    extractor.enabledImagetypes = {kind: _of_lesion(own or {}) for kind, own in extractor.enabledImagetypes.items()}
    every = dict.fromkeys(getFeatureClasses(), [])
    if extractor.enabledFeatures == every and not extractor.settings["force2D"]:  # the file names none
        del extractor.enabledFeatures["shape2D"]
    extractor.notes = notes + _leave_out_removed(extractor)
    return extractor


def _named_features(keys: dict[str, Any]) -> dict[str, list[str]]:
    """The features that a file names, of classes that there are."""
    classes = keys.get("featureClass")
    named = classes.items() if isinstance(classes, dict) else ()
    return {title: own for title, own in named if isinstance(own, list) and title in getFeatureClasses()}


def _leave_out_removed(extractor: RadiomicsFeatureExtractor) -> list[str]:
    """Leave out the features that pyradiomics lists and does not compute any more; notes that say what equals them.

    Names of older published files; pyradiomics leaves them out of its results, too.
    """
    notes = []
    for title, wanted in list(extractor.enabledFeatures.items()):
        gone = {name: why for name in wanted or () if (why := _why_removed(title, name))}
        notes += [f"{title}: {name} is not computed by pyradiomics any more: {why}" for name, why in gone.items()]
        if gone:
            extractor.enabledFeatures[title] = kept = [name for name in wanted if name not in gone]
            if not kept:
                del extractor.enabledFeatures[title]
    return notes


def _why_removed(title: str, name: str) -> str:
    """What pyradiomics says of a feature instead of computing it; empty where it computes it."""
    kind = getFeatureClasses()[title]
    if not kind.getFeatureNames()[name]:
        return ""
    try:
        getattr(kind, f"get{name}FeatureValue")(None)
    except DeprecationWarning as told:
        return str(told).partition(", see ")[0]
    except Exception:  # one that is deprecated and computed, and has nothing to compute it of
        return ""
    return ""


def _of_lesion(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that choose one of several labels: a mask of this workflow is the lesion, labeled 1."""
    return {name: value for name, value in settings.items() if name not in LABELS}


def validated(path: str | Path) -> ParameterFile:
    """As `read_parameters`, after a trial of everything on a small scan; what is left out of the file is logged.

    Raises StudyError also if it asks for what cannot be made here, or what pyradiomics would refuse scan by scan.
    """
    extractor = read_parameters(path)
    try:
        refuse_unusable(extractor)
        try_out(extractor)
    except Exception as error:  # pywt and SimpleITK raise their own
        raise_machine_fault(error)
        told = "; ".join([str(error), *extractor.notes])
        raise StudyError(f"{path} is not a pyradiomics parameter file that can be used here: {told}") from error
    for note in extractor.notes:
        logging.getLogger(__name__).warning("%s: %s", path, note)
    return extractor


def image_names(types: dict, extractor: RadiomicsFeatureExtractor) -> list[str]:
    """pyradiomics' names of the images that these types make, in their order, found by making them of a small scan."""
    scene = trial_scene(types, extractor.settings)
    return [name for _, name, _ in filtered(scene, types=types, settings=extractor.settings)]


def column_names(extractor: RadiomicsFeatureExtractor, *, drop_whole_image_diagnostics: bool) -> list[str]:
    """The columns of a parameter file: scalar diagnostics, shape, then every class of every image; 1693 as shipped."""
    kept = DIAGNOSTICS[3 * drop_whole_image_diagnostics :] if extractor.settings.get("additionalInfo") else ()
    shapes, grays = [], []
    for title, wanted in extractor.enabledFeatures.items():
        (shapes if title.startswith("shape") else grays).extend((title, name) for name in feature_names(title, wanted))
    shapes = [pair for pair in shapes if pair[0] == "shape" or extractor.settings.get("force2D")]
    images = image_names(extractor.enabledImagetypes, extractor)
    columns = [f"original_{title}_{name}" for title, name in shapes]
    columns += [f"{image}_{title}_{name}" for image in images for title, name in grays]
    return [*kept, *columns]
