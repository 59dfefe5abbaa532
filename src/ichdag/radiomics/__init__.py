"""Radiomics: pyradiomics' features of the hematoma, from the lesion and the tissue that each filter needs."""
