"""What may be told of a stack: its kernel, its character, whether a contrast agent was given.

Descriptions are typed by hand and may hold a name: only those words of them that the settings know are ever shown.
"""

import re
from collections.abc import Iterable
from typing import Any

from ichdag.cohort.dicom.headers import text
from ichdag.cohort.dicom.settings import DicomSettings
from ichdag.cohort.dicom.stacks import Stack


def describe(stack: Stack, settings: DicomSettings) -> dict[str, Any]:
    """What may be told of a stack: nothing typed by hand, of its description only words the settings know."""
    geometry = stack.geometry
    known = {word for words in _vocabularies(settings) for word in words}
    return {
        "number": stack.number,
        "modality": modality_of(stack),
        "slices": len(stack.slices),
        "orientation": stack.plane,
        "step_mm": None if geometry is None else round(geometry.step_mm, 3),
        "coverage_mm": None if geometry is None else round(geometry.coverage_mm, 1),
        "kernel": kernel_of(stack),
        "character": character_of(stack, settings),
        "contrast_agent": has_contrast(stack, settings),
        "words": sorted(words_in(stack, known)),
    }


def kernel_of(stack: Stack) -> str | None:
    """The reconstruction kernel, if it looks like one."""
    kernel = text(stack.header, "ConvolutionKernel")
    return kernel if re.fullmatch(r"[A-Za-z]{0,8}[ _+-]?[A-Za-z]?\d{0,3}[A-Za-z+]{0,4}", kernel) and kernel else None


def character_of(stack: Stack, settings: DicomSettings) -> str:
    """soft tissue, sharp or unknown: by the kernel, else by words of the description."""
    kernel = text(stack.header, "ConvolutionKernel")
    for name, patterns in (("sharp", settings.sharp_kernels), ("soft tissue", settings.soft_tissue_kernels)):
        if any(re.match(pattern, kernel, re.IGNORECASE) for pattern in patterns):
            return name
    for name, words in (("sharp", settings.sharp_words), ("soft tissue", settings.soft_tissue_words)):
        if words_in(stack, words):
            return name
    return "unknown"


def has_contrast(stack: Stack, settings: DicomSettings) -> bool:
    """Whether a contrast agent is named, or a word of the description says so."""
    agent = text(stack.header, "ContrastBolusAgent").lower() not in ("", "no", "none", "n", "0", "without")
    return (
        agent or bool(stack.header.get("ContrastBolusAgentSequence")) or bool(words_in(stack, settings.contrast_words))
    )


def modality_of(stack: Stack) -> str:
    """Modality, letters only."""
    return re.sub(r"[^A-Z]", "", text(stack.header, "Modality").upper())[:4]


def _vocabularies(settings: DicomSettings) -> list[tuple[str, ...]]:
    body = [settings.head_words, settings.other_body_words]
    return [*body, settings.soft_tissue_words, settings.sharp_words, settings.contrast_words, settings.left_out_words]


def words_in(stack: Stack, words: Iterable[str]) -> list[str]:
    """Those of `words` with which a word of the description or the body part begins."""
    told = " ".join(text(stack.header, name) for name in ("SeriesDescription", "BodyPartExamined")).lower()
    told = told.replace("_", " ")
    return [word for word in words if re.search(rf"(?<![a-z]){re.escape(word.lower())}", told)]
