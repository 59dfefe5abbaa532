"""Conversion: the originals of a participant, DICOM, NIfTI or NRRD, as scans in HU and masks on their grids."""
