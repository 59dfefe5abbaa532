"""Rules that leave a stack out, in the order of the docstring of the package: each returns the reason, or None."""

from pydicom.dataset import Dataset

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import get_number, get_text
from ichdag.conversion.dicom.series_attributes import kernel_type, known_modality, matching_words
from ichdag.conversion.dicom.stack_geometry import geometry_fault
from ichdag.conversion.dicom.stacks import Stack
from ichdag.number_format import format_plain

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
UNREADABLE_PIXELS = "pixels not readable as CT: not one gray value of at most 16 bits"
HU_RESCALE_TYPES = ("", "HU", "US", "HU_MOD")


def first_exclusion(stack: Stack, *, named: bool, settings: DicomSettings) -> tuple[int, str | None]:
    """Return the number of the first rule that leaves a stack out, and its reason (None if no rule does)."""
    for order, rule in enumerate(RULES, start=1):
        reason = None if named and rule in WAIVED_BY_NAME else rule(stack, settings)
        if reason:
            return order, reason
    return len(RULES) + 1, None


def _not_ct(stack: Stack, settings: DicomSettings) -> str | None:
    modality = known_modality(stack)
    return None if modality == "CT" else f"not CT: modality {modality or 'missing'}"


def _not_original(stack: Stack, settings: DicomSettings) -> str | None:
    if get_text(stack.header, "SOPClassUID").startswith(SECONDARY_CAPTURE):
        return "secondary capture: a picture of a screen, not a scan"
    kinds = [kind for kind in settings.excluded_image_types if kind.upper() in stack.image_types]
    return f"not an original axial image: image type {kinds[0].upper()}" if kinds else None


def _excluded_by_description(stack: Stack, settings: DicomSettings) -> str | None:
    words = matching_words(stack, settings.excluded_words)
    return f"left out by its description: {words[0]}" if words else None


def _not_head(stack: Stack, settings: DicomSettings) -> str | None:
    """Read SeriesDescription, and only if it says nothing BodyPartExamined, which is often that of another protocol."""
    for keyword in ("SeriesDescription", "BodyPartExamined"):
        if matching_words(stack, settings.head_words, keyword=keyword):
            return None
        words = matching_words(stack, settings.other_body_words, keyword=keyword)
        if words:
            return f"not the head: {words[0]}"
    return None


def _too_few_slices(stack: Stack, settings: DicomSettings) -> str | None:
    count = len(stack.slices)
    return f"too few slices: {count}, limit {settings.min_slices}" if count < settings.min_slices else None


def _no_geometry(stack: Stack, settings: DicomSettings) -> str | None:
    return "no geometry: position, orientation or pixel spacing missing" if stack.geometry is None else None


def _not_axial(stack: Stack, settings: DicomSettings) -> str | None:
    degrees = stack.known_geometry.oblique_degrees
    return f"not axial: {stack.plane}, {degrees:.0f} degrees off" if degrees > settings.max_axial_degrees else None


def _sharp_kernel(stack: Stack, settings: DicomSettings) -> str | None:
    return "sharp kernel: bone or lung" if kernel_type(stack, settings) == "sharp" else None


def _not_hounsfield(stack: Stack, settings: DicomSettings) -> str | None:
    for plane in stack.slices:
        if get_number(plane.header, "RescaleSlope") is None or get_number(plane.header, "RescaleIntercept") is None:
            return "not in HU: rescale slope or intercept missing"
        if get_text(plane.header, "RescaleType").upper() not in HU_RESCALE_TYPES:
            return "not in HU: rescale type is another"
    return None


def _unreadable_pixels(stack: Stack, settings: DicomSettings) -> str | None:
    return None if all(_is_gray(plane.header) for plane in stack.slices) else UNREADABLE_PIXELS


def _is_gray(header: Dataset) -> bool:
    """Return whether pixels are one gray value of at most 16 bits."""
    allocated = get_number(header, "BitsAllocated")
    stored = get_number(header, "BitsStored")
    if get_text(header, "PhotometricInterpretation") != "MONOCHROME2" or get_number(header, "SamplesPerPixel") != 1:
        return False
    if get_number(header, "Rows") is None or get_number(header, "Columns") is None:
        return False
    if allocated not in (8, 16) or stored is None or not 1 <= stored <= allocated:
        return False
    return get_number(header, "HighBit") == stored - 1


def _impossible_geometry(stack: Stack, settings: DicomSettings) -> str | None:
    return geometry_fault(stack.known_geometry, stack.header, settings)


def _too_short(stack: Stack, settings: DicomSettings) -> str | None:
    coverage = stack.known_geometry.coverage_mm
    limit = settings.min_coverage_mm
    return f"not a whole head: {coverage:.0f} mm, limit {format_plain(limit)} mm" if coverage < limit else None


RULES = (
    *(_not_ct, _not_original, _excluded_by_description, _not_head, _too_few_slices, _no_geometry),
    *(_not_axial, _sharp_kernel, _not_hounsfield, _unreadable_pixels, _impossible_geometry, _too_short),
)
WAIVED_BY_NAME = (_not_original, _excluded_by_description, _not_head, _not_axial, _sharp_kernel, _too_short)
