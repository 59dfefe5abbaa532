"""Radiomics: pyradiomics on the lesion and on the tissue that each of its filters reaches. No formula of our own."""

from ichdag.radiomics.extraction import Extraction, Settings, extract, extract_lesion
from ichdag.radiomics.parameters import column_names, read_parameters

__all__ = ["Extraction", "Settings", "column_names", "extract", "extract_lesion", "read_parameters"]
