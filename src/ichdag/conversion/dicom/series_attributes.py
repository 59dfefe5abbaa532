"""Attributes of a stack that may be shown: modality, kernel, kernel type, contrast agent.

Series descriptions are typed by hand and may hold a name: only words that stand in the settings are ever shown.
"""

import re
from collections.abc import Iterable
from typing import Any

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import CT_IMAGES, get_text
from ichdag.conversion.dicom.stacks import Stack

MAX_KERNEL_LETTERS = 10
# DICOM PS3.3 C.7.3.1.1.1: images and objects that come with them; the first four letters, as `get_modality` gives.
KNOWN_MODALITIES = frozenset(
    ("CT", "MR", "PT", "NM", "US", "CR", "DX", "XA", "RF", "MG", "OT", "SC", "SR", "PR", "KO", "SEG", "DOC", "PLAN")
    + ("ES", "IO", "IVUS", "OP", "OPT", "PX", "REG", "RG", "RWV", "RTDO", "RTIM", "RTPL", "RTRE", "RTST", "SM", "XC")
)


def describe_stack(stack: Stack, settings: DicomSettings) -> dict[str, Any]:
    """Return the record of a stack: nothing typed by hand, and only those words of its description in the settings."""
    geometry = stack.geometry
    vocabulary = {word for words in _vocabularies(settings) for word in words}
    return {
        "number": stack.shown_number,
        "modality": known_modality(stack),
        "slices": len(stack.slices),
        "orientation": stack.plane,
        "step_mm": None if geometry is None else round(geometry.step_mm, 3),
        "coverage_mm": None if geometry is None else round(geometry.coverage_mm, 1),
        "kernel": known_kernel(stack, settings),
        "character": kernel_type(stack, settings),
        "contrast_agent": has_contrast(stack, settings),
        "words": sorted(matching_words(stack, vocabulary)),
    }


def known_kernel(stack: Stack, settings: DicomSettings) -> str | None:
    """Return the part of ConvolutionKernel that matches the settings, with the letter that may follow it, or None."""
    kernel = get_text(stack.header, "ConvolutionKernel")
    patterns = (*settings.sharp_kernels, *settings.soft_tissue_kernels)
    matches = [re.match(rf"(?:{pattern})(?!\d)", kernel, re.IGNORECASE) for pattern in patterns]
    longest = max((match[0] for match in matches if match), key=len, default=None)
    if longest is None or len(longest) > MAX_KERNEL_LETTERS:
        return None
    letter = re.match(r"[a-z](?![a-z0-9])", kernel[len(longest) :], re.IGNORECASE)
    return longest + (letter[0] if letter else "")


def kernel_type(stack: Stack, settings: DicomSettings) -> str:
    """Return "soft tissue", "sharp" or "unknown": by ConvolutionKernel, else by words of SeriesDescription."""
    kernel = get_text(stack.header, "ConvolutionKernel")
    for name, patterns in (("sharp", settings.sharp_kernels), ("soft tissue", settings.soft_tissue_kernels)):
        if any(re.match(pattern, kernel, re.IGNORECASE) for pattern in patterns):
            return name
    for name, words in (("sharp", settings.sharp_words), ("soft tissue", settings.soft_tissue_words)):
        if matching_words(stack, words):
            return name
    return "unknown"


def has_contrast(stack: Stack, settings: DicomSettings) -> bool:
    """Return whether a contrast agent is named, or a word of the description says so and none denies it."""
    agent = get_text(stack.header, "ContrastBolusAgent").lower() not in ("", "no", "none", "n", "0", "without")
    if agent or stack.header.get("ContrastBolusAgentSequence"):
        return True
    has_word = bool(matching_words(stack, settings.contrast_words))
    return has_word and not matching_words(stack, settings.no_contrast_words)


def get_modality(stack: Stack) -> str:
    """Return Modality, its first four letters in upper case; CT for a CT image without it, "" if it is not known."""
    letters = re.sub(r"[^A-Z]", "", get_text(stack.header, "Modality").upper())[:4]
    return letters or ("CT" if get_text(stack.header, "SOPClassUID") in CT_IMAGES else "")


def known_modality(stack: Stack) -> str:
    """Return Modality if it is one of DICOM's, which can be shown; "other" if it is not, "" if there is none."""
    modality = get_modality(stack)
    return modality if not modality or modality in KNOWN_MODALITIES else "other"


def _vocabularies(settings: DicomSettings) -> list[tuple[str, ...]]:
    body = [settings.head_words, settings.other_body_words, settings.excluded_words]
    contrast = [settings.contrast_words, settings.no_contrast_words]
    return [*body, *contrast, settings.soft_tissue_words, settings.sharp_words]


def matching_words(stack: Stack, words: Iterable[str], *, keyword: str = "SeriesDescription") -> list[str]:
    """Return those of `words` with which one or more words of an element begin."""
    value = get_text(stack.header, keyword).lower().replace("_", " ")
    return [word for word in words if re.search(rf"(?<![a-z]){re.escape(word.lower())}", value)]
