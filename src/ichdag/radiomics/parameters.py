"""pyradiomics' parameter file: read, validated, and what it makes: the columns, in their order."""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from radiomics import getFeatureClasses
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.faults import refuse_machine_fault
from ichdag.jobs import StudyError
from ichdag.radiomics.engine import feature_names
from ichdag.radiomics.filters import filtered
from ichdag.radiomics.pictures import Scene
from ichdag.records import require_plain_file
from ichdag.shipped import own_or_shipped

LABELS = {"label", "label_channel"}
NEEDS = {  # what pyradiomics imports when it makes an image, and is silent about if it is not there
    "LBP2D": (("skimage.feature", "local_binary_pattern"),),
    "LBP3D": (
        ("trimesh.creation", "icosphere"),
        ("scipy.special", "sph_harm"),
        ("scipy.ndimage.interpolation", "map_coordinates"),
    ),
}
DIAGNOSTICS = (
    "diagnostics_Image-original_Mean",
    "diagnostics_Image-original_Minimum",
    "diagnostics_Image-original_Maximum",
    "diagnostics_Mask-original_VoxelNum",
    "diagnostics_Mask-original_VolumeNum",
)


def read_parameters(path: str | Path) -> RadiomicsFeatureExtractor:
    """pyradiomics with a parameter file, as it reads and validates it; `validated` tries whether it can be used.

    A relative path is that of the study, or else of this project. Raises StudyError if the file is missing or is not
    one.
    """
    file = own_or_shipped(path)
    if not file.is_file():
        raise StudyError(f"radiomics parameter file {path} not found: mend config radiomics.parameters")
    try:
        require_plain_file(file)
        extractor = RadiomicsFeatureExtractor(str(file))
    except Exception as error:  # pykwalify and ruamel.yaml each raise their own
        refuse_machine_fault(error)
        raise StudyError(f"{path} is not a pyradiomics parameter file: {error}") from error
    extractor.settings = _of_lesion(extractor.settings) | {"label": 1}
    extractor.enabledImagetypes = {kind: _of_lesion(own or {}) for kind, own in extractor.enabledImagetypes.items()}
    every = dict.fromkeys(getFeatureClasses(), [])
    if extractor.enabledFeatures == every and not extractor.settings["force2D"]:  # the file names none
        del extractor.enabledFeatures["shape2D"]
    return extractor


def _of_lesion(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that choose one of several labels: a mask of this workflow is the lesion, labeled 1."""
    return {name: value for name, value in settings.items() if name not in LABELS}


def validated(path: str | Path) -> RadiomicsFeatureExtractor:
    """As `read_parameters`, after a trial of the filters.

    Raises StudyError also if it asks for what cannot be made here, or what pyradiomics would refuse scan by scan.
    """
    extractor = read_parameters(path)
    try:
        _refuse_unusable(extractor)
        for kind, own in extractor.enabledImagetypes.items():
            if not image_names({kind: own}, extractor):
                raise StudyError(f"image type {kind} makes no image here: {_why_none(kind)}")
    except Exception as error:  # pywt and SimpleITK raise their own
        refuse_machine_fault(error)
        raise StudyError(f"{path} is not a pyradiomics parameter file that can be used here: {error}") from error
    return extractor


def _refuse_unusable(extractor: RadiomicsFeatureExtractor) -> None:
    """Refuse what pyradiomics accepts in a file but cannot use in any scan. Raises StudyError."""
    settings = extractor.settings
    for own in (settings, *extractor.enabledImagetypes.values()):
        _refuse_numbers_in_quotes(own)
    for title, wanted in extractor.enabledFeatures.items():
        strangers = set(feature_names(title, wanted)) - set(getFeatureClasses()[title].getFeatureNames())
        if strangers:
            raise StudyError(f"{title} has no features {', '.join(sorted(strangers))}")
    if "shape2D" in extractor.enabledFeatures and not settings.get("force2D"):
        raise StudyError("shape2D is computed only with force2D: true, and of lesions of one slice")
    for name, counts in (("resampledPixelSpacing", (3,)), ("resegmentRange", (1, 2))):
        value = settings.get(name)
        if value is not None and len(value) not in counts:
            raise StudyError(f"{name} needs {' or '.join(map(str, counts))} numbers, found {value}")


def _refuse_numbers_in_quotes(settings: dict[str, Any]) -> None:
    """Refuse a number that YAML reads as a text, which pyradiomics takes for a number only until it calculates."""
    for name, value in settings.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and _is_number(item):
                raise StudyError(f"{name}: {item} is a text, write the number without quotation marks")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _why_none(kind: str) -> str:
    """Why pyradiomics makes no image of a type: what it imports for it and does not find, or a setting."""
    for module, name in NEEDS.get(kind, ()):
        try:
            getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            return f"pyradiomics needs {name} of {module}, which the packages here do not have ({error})"
    return "it needs a setting (LoG needs sigma)"


def image_names(types: dict, extractor: RadiomicsFeatureExtractor) -> list[str]:
    """pyradiomics' names of the images that these types make, in their order, found by making them of a small scan."""
    values = np.random.default_rng(0).normal(40, 5, (8, 8, 8))
    box = (slice(3, 5),) * 3
    inside = np.ones((2, 2, 2), dtype=bool)
    largest = max((max(own.get("sigma", [0])) for own in types.values()), default=0)
    scene = Scene(values, np.full(3, max(largest, 1.0)), box, inside, inside)
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
