"""Radiomics: pyradiomics on the lesion and on the tissue that each of its filters reaches. No formula of our own."""
