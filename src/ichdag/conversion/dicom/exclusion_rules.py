"""Rules that leave a stack out, in the order of the package's docstring: each gives the reason, or None."""

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import number, text
from ichdag.conversion.dicom.series_attributes import character_of, known_modality, words_in
from ichdag.conversion.dicom.stack_geometry import fault_of
from ichdag.conversion.dicom.stacks import Stack
from ichdag.number_format import format_plain

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
HU_TYPES = ("", "HU", "US", "HU_MOD")


def against(stack: Stack, *, named: bool, settings: DicomSettings) -> tuple[int, str | None]:
    """The first rule that leaves a stack out: its number, and the reason (None if no rule does)."""
    for order, rule in enumerate(RULES, start=1):
        reason = None if named and rule in WAIVED_BY_NAME else rule(stack, settings)
        if reason:
            return order, reason
    return len(RULES) + 1, None


def _modality(stack: Stack, settings: DicomSettings) -> str | None:
    modality = known_modality(stack)
    return None if modality == "CT" else f"not CT: modality {modality or 'missing'}"


def _image_type(stack: Stack, settings: DicomSettings) -> str | None:
    if text(stack.header, "SOPClassUID").startswith(SECONDARY_CAPTURE):
        return "secondary capture: a picture of a screen, not a scan"
    found = [kind for kind in settings.left_out_image_types if kind.upper() in stack.image_types]
    return f"not an original axial image: image type {found[0].upper()}" if found else None


def _words(stack: Stack, settings: DicomSettings) -> str | None:
    found = words_in(stack, settings.left_out_words)
    return f"left out by its description: {found[0]}" if found else None


def _body(stack: Stack, settings: DicomSettings) -> str | None:
    """The description decides; BodyPartExamined, often left at the protocol's, only where that says nothing."""
    for tag in ("SeriesDescription", "BodyPartExamined"):
        if words_in(stack, settings.head_words, tag=tag):
            return None
        found = words_in(stack, settings.other_body_words, tag=tag)
        if found:
            return f"not the head: {found[0]}"
    return None


def _few(stack: Stack, settings: DicomSettings) -> str | None:
    count = len(stack.slices)
    return f"too few slices: {count}, limit {settings.smallest_slices}" if count < settings.smallest_slices else None


def _place(stack: Stack, settings: DicomSettings) -> str | None:
    return "no geometry: position, orientation or pixel spacing missing" if stack.geometry is None else None


def _plane(stack: Stack, settings: DicomSettings) -> str | None:
    degrees = stack.geometry.oblique_degrees
    return f"not axial: {stack.plane}, {degrees:.0f} degrees off" if degrees > settings.largest_axial_degrees else None


def _kernel(stack: Stack, settings: DicomSettings) -> str | None:
    return "sharp kernel: bone or lung" if character_of(stack, settings) == "sharp" else None


def _hounsfield(stack: Stack, settings: DicomSettings) -> str | None:
    for plane in stack.slices:
        if number(plane.header, "RescaleSlope") is None or number(plane.header, "RescaleIntercept") is None:
            return "not in HU: rescale slope or intercept missing"
        if text(plane.header, "RescaleType").upper() not in HU_TYPES:
            return "not in HU: rescale type is another"
    return None


def _pixels(stack: Stack, settings: DicomSettings) -> str | None:
    for header in (plane.header for plane in stack.slices):
        gray = text(header, "PhotometricInterpretation") == "MONOCHROME2" and number(header, "SamplesPerPixel") == 1
        size = number(header, "Rows"), number(header, "Columns")
        bits = number(header, "BitsAllocated"), number(header, "BitsStored"), number(header, "HighBit")
        if not gray or None in size or bits[0] not in (8, 16) or bits[1] is None or not 1 <= bits[1] <= bits[0]:
            return "pixels not readable as CT: not one gray value of at most 16 bits"
        if bits[2] != bits[1] - 1:
            return "pixels not readable as CT: not one gray value of at most 16 bits"
    return None


def _geometry(stack: Stack, settings: DicomSettings) -> str | None:
    return fault_of(stack.geometry, stack.header, settings)


def _coverage(stack: Stack, settings: DicomSettings) -> str | None:
    found, wanted = stack.geometry.coverage_mm, settings.smallest_coverage_mm
    return f"not a whole head: {found:.0f} mm, limit {format_plain(wanted)} mm" if found < wanted else None


RULES = (
    *(_modality, _image_type, _words, _body, _few, _place),
    *(_plane, _kernel, _hounsfield, _pixels, _geometry, _coverage),
)
WAIVED_BY_NAME = (_image_type, _words, _body, _plane, _kernel, _coverage)
