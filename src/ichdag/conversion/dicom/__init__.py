"""DICOM scans: the right series of a folder, DICOMDIR, zip or file, as one straight volume in HU.

Files of a series whose headers differ in little are one stack; where others lie between or next to the slices of the
chosen one, and do not fit, the scan is refused (`joining`, `losses`).

The stated rules of choice. Files are sorted into series (SeriesInstanceUID), and a series into stacks where matrix,
pixel spacing, orientation, image type or kernel differ, or where acquisitions repeat the same positions. A stack is
left out, with the first reason that holds, if

1.  its modality is not CT;
2.  it is a localizer, derived, or a secondary capture (ImageType, SOP class);
3.  words of its description say so (scout, dose report, perfusion, ...);
4.  it shows another part of the body (the description, or else BodyPartExamined);
5.  it has too few slices;
6.  position, orientation or pixel spacing is missing;
7.  it is not axial;
8.  its kernel is sharp (bone, lung), by ConvolutionKernel or else by the description;
9.  its values are not HU (no rescale, another rescale type);
10. its pixels cannot be read as one gray value of at most 16 bits;
11. its slices are all at one place, twice at one place, off one line, tilted more than a gantry can be, contradict
    the gantry tilt tag, or are unevenly spaced and resampling was not asked for;
12. it does not cover a whole head.

Of what remains, the first by: no contrast agent; a soft-tissue kernel before an unknown one; not thinner than the
limit; the thinnest step between slices; the longest coverage; the lowest series number. What remains from several
studies is a fault. A series named by the user is taken whatever rules 2, 3, 4, 7, 8 and 12 say; the others hold.
"""

from ichdag.conversion.dicom.acquisition_time import hours_between
from ichdag.conversion.dicom.dicom_files import is_dicom
from ichdag.conversion.dicom.dicom_seg import read_segmentation
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.dicom_to_volume import Conversion, convert_dicom

__all__ = ["Conversion", "DicomSettings", "convert_dicom", "hours_between", "is_dicom", "read_segmentation"]
