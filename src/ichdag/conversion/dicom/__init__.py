"""DICOM scans: the right series of a folder, DICOMDIR, zip or file, as one straight volume in HU.

Slices of a series whose headers differ only a little form one stack. If other slices of the series lie between or next
to those of the chosen stack and do not fit, the scan is refused (`stack_merging`, `leftover_slices`).

The rules of selection. Files are grouped into series (SeriesInstanceUID). A series is divided into stacks if matrix,
pixel spacing, orientation, image type or kernel differ, or if several acquisitions have the same positions. A stack is
not used, with the first reason that applies, if

1.  its modality is not CT;
2.  it is a localizer, derived, or a secondary capture (ImageType, SOP class);
3.  words of its description say so (scout, dose report, perfusion, ...);
4.  it shows another part of the body (from the description or, without one, from BodyPartExamined);
5.  it has too few slices;
6.  position, orientation or pixel spacing is missing;
7.  it is not axial;
8.  its kernel is sharp (bone, lung), from ConvolutionKernel or, if that is not known, from the description;
9.  its values are not HU (no rescale, another rescale type);
10. its pixels cannot be read as one gray value of at most 16 bits;
11. its slices are all at the same position, two of them are at the same position, they are not on one line, they are
    tilted more than a gantry can be, they contradict the gantry tilt tag, or they are unevenly spaced and resampling is
    not switched on;
12. it does not cover a whole head.

Of the remaining stacks the first one is used, in the order of: no contrast agent; a soft-tissue kernel before an
unknown one; not thinner than the limit; the smallest step between slices; the longest coverage; the lowest series
number. Stacks that remain from several studies are a fault. For a series that the user names, rules 2, 3, 4, 7, 8 and
12 do not apply; the others do.
"""

from ichdag.conversion.dicom.acquisition_time import hours_between
from ichdag.conversion.dicom.dicom_files import is_dicom
from ichdag.conversion.dicom.dicom_seg import read_segmentation
from ichdag.conversion.dicom.dicom_settings import DicomSettings
from ichdag.conversion.dicom.dicom_to_volume import ConvertedSeries, convert_dicom

__all__ = ["ConvertedSeries", "DicomSettings", "convert_dicom", "hours_between", "is_dicom", "read_segmentation"]
