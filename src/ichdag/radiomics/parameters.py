"""pyradiomics' parameter file: read, validated, and what it makes: the columns, in their order."""

from pathlib import Path

import numpy as np
from radiomics import getFeatureClasses, getImageTypes
from radiomics.featureextractor import RadiomicsFeatureExtractor

from ichdag.faults import refuse_machine_fault
from ichdag.jobs import StudyError
from ichdag.radiomics.engine import feature_names
from ichdag.radiomics.filters import filtered
from ichdag.radiomics.pictures import Scene
from ichdag.records import read_yaml
from ichdag.shipped import own_or_shipped

KEYS = {"imageType", "featureClass", "setting", "voxelSetting"}
DIAGNOSTICS = (
    "diagnostics_Image-original_Mean",
    "diagnostics_Image-original_Minimum",
    "diagnostics_Image-original_Maximum",
    "diagnostics_Mask-original_VoxelNum",
    "diagnostics_Mask-original_VolumeNum",
)


def read_parameters(path: str | Path) -> RadiomicsFeatureExtractor:
    """pyradiomics with a parameter file in its own form, its names checked; `validated` checks every value.

    A relative path is that of the study, or else of this project. Raises StudyError if the file is missing or is not
    one.
    """
    file = own_or_shipped(path)
    if not file.is_file():
        raise StudyError(f"radiomics parameter file {path} not found: mend config radiomics.parameters")
    try:
        found = read_yaml(file)
        extractor = RadiomicsFeatureExtractor()
        if found.get("imageType"):
            extractor.enabledImagetypes = {kind: own or {} for kind, own in found["imageType"].items()}
        extractor.enabledFeatures = dict(found.get("featureClass") or dict.fromkeys(getFeatureClasses(), []))
        extractor.settings |= found.get("setting") or {}
        unknown = set(found) - KEYS | set(extractor.enabledImagetypes) - set(getImageTypes())
        unknown |= set(extractor.enabledFeatures) - set(getFeatureClasses())
    except (AttributeError, TypeError, ValueError) as error:
        raise StudyError(f"{path} is not a pyradiomics parameter file: {error}") from error
    if unknown:
        raise StudyError(f"{path} is not a pyradiomics parameter file: it does not know {', '.join(sorted(unknown))}")
    return extractor


def validated(path: str | Path) -> RadiomicsFeatureExtractor:
    """As `read_parameters`, after pyradiomics' own validation of the file, and a trial of its filters.

    Raises StudyError also if it asks for an image type that cannot be made here.
    """
    extractor = read_parameters(path)
    try:
        _refuse_difference(extractor, RadiomicsFeatureExtractor(str(own_or_shipped(path))))
        made = {kind: image_names({kind: own}, extractor) for kind, own in extractor.enabledImagetypes.items()}
        for title, wanted in extractor.enabledFeatures.items():
            strangers = set(feature_names(title, wanted)) - set(getFeatureClasses()[title].getFeatureNames())
            if strangers:
                raise StudyError(f"{title} has no features {', '.join(sorted(strangers))}")
    except Exception as error:  # pykwalify, pywt and SimpleITK each raise their own
        refuse_machine_fault(error)
        raise StudyError(f"{path} is not a pyradiomics parameter file: {error}") from error
    for kind, names in made.items():
        if not names:
            raise StudyError(
                f"{path} asks for image type {kind}, of which pyradiomics makes no image here: it needs a package that "
                "is not installed, or a setting (LoG needs sigma)"
            )
    return extractor


def _refuse_difference(ours: RadiomicsFeatureExtractor, theirs: RadiomicsFeatureExtractor) -> None:
    """Refuse a file that pyradiomics reads otherwise, such as 1e-3, a text for one kind of YAML."""
    for name in ("settings", "enabledImagetypes", "enabledFeatures"):
        read, meant = getattr(ours, name), getattr(theirs, name)
        odd = [key for key in meant if (read.get(key) or {}) != (meant[key] or {})]
        if odd:
            raise StudyError(f"{odd[0]}: {read.get(odd[0])} can be read in two ways, write {meant[odd[0]]}")


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
