"""The originals of a small study: synthetic heads, one of them as a folder of DICOM files, and the sheet."""

from pathlib import Path

import numpy as np
import pandas as pd
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from ichdag.images import read_scan
from ichdag.phantom.population import POPULATIONS
from ichdag.phantom.scanner import ScannerSettings, write_scans
from ichdag.phantom.truth import draw_truth

SEED = 20260101
SCANNER = ScannerSettings(matrix=64, field_of_view_mm=(205, 240), slice_thickness_mm=(5.0, 6.0))
# mRS and growth (mL) are given, not drawn, so that both classes are in both folds whatever a test edits.
PATIENTS = {
    "D0001": (1, 8), "D0002": (2, 1), "D0003": (5, 8), "D0004": (4, 1), "D0007": (6, 8), "D0008": (0, 1),
    "D0009": (5, 1), "D0011": (1, 8), "D0015": (4, 4), "D0016": (3, 8), "D0018": (6, 1), "D0020": (2, 8),
    "E0002": (5, 8), "E0003": (1, 4), "E0008": (2, 1), "E0009": (4, 8), "E0014": (6, 1), "P0001": (0, 0),
}  # fmt: skip
SPARE = {"D0017": (5, 1), "E0001": (1, 8), "P0002": (0, 0)}  # drawn, but not in the sheet: they may join
AS_DICOM = "E0008"
LATE = ("D0016", "E0009")  # scanned 10 h after onset; the others within 2 h
FILES = ("baseline_ct", "followup_ct", "baseline_mask", "followup_mask")


def draw_originals(folder):
    """Draw scans and masks into `folder`/originals, and the sheet beside it."""
    originals = folder / "originals"
    originals.mkdir(parents=True)
    for subject, (_, growth) in (PATIENTS | SPARE).items():
        truth = draw_truth(subject, signal="study", faulty=0, seed=SEED, outcomes={})
        truth["followup_ml"] = truth["volume_ml"] + growth
        write_scans(truth, {name: str(originals / f"{subject}_{name}.nii.gz") for name in FILES}, scanner=SCANNER)
    baseline = originals / f"{AS_DICOM}_baseline_ct.nii.gz"
    write_series(baseline, originals / AS_DICOM / "series")
    baseline.unlink()
    (originals / AS_DICOM / "series/0000.dcm").rename(originals / f"{AS_DICOM}_lowest_slice.dcm")
    write_sheet(folder, pd.DataFrame([row_of(subject) for subject in PATIENTS]))


def row_of(subject):
    """The sheet's row of a participant."""
    mrs, _ = (PATIENTS | SPARE)[subject]
    truth = draw_truth(subject, signal="study", faulty=0, seed=SEED, outcomes={})
    known = truth["role"] != "prediction"
    files = {name: f"originals/{subject}_{name}.nii.gz" if known or name == "baseline_ct" else "n/a" for name in FILES}
    if subject == AS_DICOM:  # without masks: those of its followup would be all that is manual
        files |= {"baseline_ct": f"originals/{AS_DICOM}", "baseline_mask": "n/a", "followup_mask": "n/a"}
    who = {"participant_id": f"sub-{subject}", "cohort": POPULATIONS[truth["role"]].cohort, "role": truth["role"]}
    traits = {"person_id": "n/a", "age": f"{min(truth['age'], 88):.0f}", "sex": truth["sex"]}
    traits |= {"gcs": f"{truth['gcs']:.0f}", "nihss": f"{truth['nihss']:.0f}"}
    hours = "10" if subject in LATE else f"{min(truth['hours'], 2):.1f}"
    return who | files | traits | {"onset_to_ct_hours": hours, "mrs": str(mrs) if known else "n/a"}


def read_sheet(folder):
    """The participants sheet as text cells."""
    return pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str, keep_default_na=False)


def write_sheet(folder, sheet):
    """Write the participants sheet."""
    sheet.to_csv(folder / "participants.tsv", sep="\t", index=False)


def write_series(scan, folder):
    """Write a scan as a folder of DICOM files, a slice each, the lowest first."""
    volume = read_scan(scan)
    folder.mkdir(parents=True)
    for index in range(volume.values.shape[2]):
        slice_of(volume, index).save_as(folder / f"{index:04d}.dcm", enforce_file_format=True)


def slice_of(volume, index):
    """One axial slice of a scan (RAS) as a DICOM file (LPS): columns along the first axis, rows along the second."""
    axes = volume.affine[:3, :3] * np.array([[-1], [-1], [1]])
    place = (volume.affine @ [0, 0, index, 1])[:3] * [-1, -1, 1]
    header = Dataset()
    header.PatientName, header.PatientID, header.PatientSex, header.PatientPosition = "DOE^JANE", "P1", "F", "HFS"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = (f"1.2.826.{n}" for n in (1, 2, 3))
    header.StudyID, header.SeriesNumber, header.InstanceNumber, header.AcquisitionNumber = "1", 2, index + 1, 1
    header.StudyDate, header.AcquisitionDate, header.AcquisitionTime = "20240301", "20240301", "081530"
    header.Modality, header.Manufacturer, header.ConvolutionKernel, header.KVP = "CT", "SIEMENS", "H31s", 120
    header.SeriesDescription, header.ImageType = "HEAD BRAIN", ["ORIGINAL", "PRIMARY", "AXIAL"]
    header.ImagePositionPatient = [f"{value:.6f}" for value in place]
    header.ImageOrientationPatient = [f"{value:.8f}" for axis in (0, 1) for value in axes[:, axis] / size(axes, axis)]
    header.PixelSpacing = [f"{size(axes, axis):.6f}" for axis in (1, 0)]
    header.SliceThickness = f"{size(axes, 2):.6f}"
    set_pixels(header, volume.values[:, :, index].T)
    header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, f"1.2.826.4.{index + 1}"
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = CTImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    return header


def set_pixels(header, hu):
    """Put a plane of HU into a header as 16-bit stored values."""
    header.Rows, header.Columns = hu.shape
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 0
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.RescaleSlope, header.RescaleIntercept = 1, -1024
    header.PixelData = np.rint(hu + 1024).astype("<u2").tobytes()
    header["PixelData"].VR = "OW"


def size(axes, axis):
    """The distance between voxels along an axis."""
    return np.linalg.norm(axes[:, axis])


def series_of(folder):
    """The folder of DICOM files of a study's only DICOM participant."""
    return Path(folder) / "originals" / AS_DICOM / "series"
