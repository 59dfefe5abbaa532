"""What may be told of a stack: its kernel, its character, whether a contrast agent was given.

Descriptions are typed by hand and may hold a name: only those words of them that the settings know are ever shown.
"""

import re
from collections.abc import Iterable
from typing import Any

from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.headers import CT_IMAGES, text
from ichdag.conversion.dicom.stacks import Stack

LONGEST_KERNEL = 10
# DICOM PS3.3 C.7.3.1.1.1, as far as images and what lies beside them go; the first four letters, as `modality_of` has.
MODALITIES = frozenset(
    (
        *(
            "CT",
            "MR",
            "PT",
            "NM",
            "US",
            "CR",
            "DX",
            "XA",
            "RF",
            "MG",
            "OT",
            "SC",
            "SR",
            "PR",
            "KO",
            "SEG",
            "DOC",
            "PLAN",
        ),
        *(
            "ES",
            "IO",
            "IVUS",
            "OP",
            "OPT",
            "PX",
            "REG",
            "RG",
            "RWV",
            "RTDO",
            "RTIM",
            "RTPL",
            "RTRE",
            "RTST",
            "SM",
            "XC",
        ),
    )
)


def describe(stack: Stack, settings: DicomSettings) -> dict[str, Any]:
    """What may be told of a stack: nothing typed by hand, of its description only words the settings know."""
    geometry = stack.geometry
    known = {word for words in _vocabularies(settings) for word in words}
    return {
        "number": stack.shown_number,
        "modality": known_modality(stack),
        "slices": len(stack.slices),
        "orientation": stack.plane,
        "step_mm": None if geometry is None else round(geometry.step_mm, 3),
        "coverage_mm": None if geometry is None else round(geometry.coverage_mm, 1),
        "kernel": kernel_of(stack, settings),
        "character": character_of(stack, settings),
        "contrast_agent": has_contrast(stack, settings),
        "words": sorted(words_in(stack, known)),
    }


def kernel_of(stack: Stack, settings: DicomSettings) -> str | None:
    """The part of the reconstruction kernel that the settings know, with the letter that may follow; else None."""
    kernel = text(stack.header, "ConvolutionKernel")
    patterns = (*settings.sharp_kernels, *settings.soft_tissue_kernels)
    known = [found[0] for pattern in patterns if (found := re.match(rf"(?:{pattern})(?!\d)", kernel, re.IGNORECASE))]
    if not known or len(longest := max(known, key=len)) > LONGEST_KERNEL:
        return None
    return longest + re.match(r"(?:[a-z](?![a-z0-9]))?", kernel[len(longest) :], re.IGNORECASE)[0]


def character_of(stack: Stack, settings: DicomSettings) -> str:
    """Soft tissue, sharp or unknown: by the kernel, else by words of the description."""
    kernel = text(stack.header, "ConvolutionKernel")
    for name, patterns in (("sharp", settings.sharp_kernels), ("soft tissue", settings.soft_tissue_kernels)):
        if any(re.match(pattern, kernel, re.IGNORECASE) for pattern in patterns):
            return name
    for name, words in (("sharp", settings.sharp_words), ("soft tissue", settings.soft_tissue_words)):
        if words_in(stack, words):
            return name
    return "unknown"


def has_contrast(stack: Stack, settings: DicomSettings) -> bool:
    """Whether a contrast agent is named, or a word of the description says so and none denies it."""
    agent = text(stack.header, "ContrastBolusAgent").lower() not in ("", "no", "none", "n", "0", "without")
    if agent or stack.header.get("ContrastBolusAgentSequence"):
        return True
    return bool(words_in(stack, settings.contrast_words)) and not words_in(stack, settings.no_contrast_words)


def modality_of(stack: Stack) -> str:
    """Modality, letters only; that of a CT image is known without the tag."""
    told = re.sub(r"[^A-Z]", "", text(stack.header, "Modality").upper())[:4]
    return told or ("CT" if text(stack.header, "SOPClassUID") in CT_IMAGES else "")


def known_modality(stack: Stack) -> str:
    """Modality where it is one of DICOM's, which can be shown; else "other", and "" where there is none."""
    modality = modality_of(stack)
    return modality if not modality or modality in MODALITIES else "other"


def _vocabularies(settings: DicomSettings) -> list[tuple[str, ...]]:
    body = [settings.head_words, settings.other_body_words, settings.left_out_words]
    contrast = [settings.contrast_words, settings.no_contrast_words]
    return [*body, *contrast, settings.soft_tissue_words, settings.sharp_words]


def words_in(stack: Stack, words: Iterable[str], *, tag: str = "SeriesDescription") -> list[str]:
    """Those of `words` with which a word (or several) of the tag begins."""
    told = text(stack.header, tag).lower().replace("_", " ")
    return [word for word in words if re.search(rf"(?<![a-z]){re.escape(word.lower())}", told)]
