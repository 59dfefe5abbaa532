"""Twenty kinds of bad participants at once: each is left out with stage and reason, nobody is lost, the flow adds up.

Originals are converted, checked and listed by what the rules call; no network is asked.
"""

import gzip
import shutil
import struct
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, SegmentationStorage

from ichdag.cohort.participants_table import build_participants_table, count_flow
from ichdag.cohort.scans import check_scan, list_checks, list_scans
from ichdag.cohort.schemas import SCAN_CHECKS, SCANS
from ichdag.cohort.sheet import FILES, read_sheet, subject_of
from ichdag.images import read_expected, read_scan, write_absent, write_image
from ichdag.records import read_record_as, write_record
from ichdag.scan_records import ConversionRecord, ScanRecord
from ichdag.tables import read_table, write_table

OFFSET, SIZES, UNITS = 108, 40, 123  # places of fields in a NIfTI-1 header
MOST_MB = 750  # of memory; Python and the libraries take 250 more
GOOD = ("good", "external", "new")


def header(path, *changes):
    """Overwrite fields of a packed NIfTI: (place, format, values)."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    for place, kind, *values in changes:
        struct.pack_into(kind, content, place, *values)
    path.write_bytes(gzip.compress(bytes(content), 1))


def flipped(path):
    """Change the checksum at the end of a gzip file."""
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)


class Originals:
    """A study's folder of originals; each fault writes what it needs and gives the cells of its row."""

    def __init__(self, folder, brain_scan):
        self.folder, self.scan, self.lesion = folder, brain_scan[0], brain_scan[1].values
        self.seeds = np.random.default_rng(1)

    def nifti(self, name, values=None, affine=None, kind=np.int16, seed=True):
        """Write the drawn head, a little other for each participant, or other values."""
        values = self.scan.values if values is None else values
        if seed:
            values = values + (self.seeds.random(values.shape) < 0.01)
        image = nibabel.Nifti1Image(values.astype(kind), self.scan.affine if affine is None else affine)
        image.set_sform(image.affine, code=1)
        image.set_qform(image.affine, code=1)
        nibabel.save(image, self.folder / name)
        return self.folder / name

    def mask(self, name, values):
        return self.nifti(name, values, kind=np.uint8, seed=False)

    def dicom(self, name, *, skip=(), change=lambda header, index: None, step=5.0):
        """Write the drawn head as a DICOM series."""
        (self.folder / name).mkdir()
        values = self.scan.values[::-1, ::-1].transpose(2, 1, 0)
        for index, plane in enumerate(values):
            slice_ = Dataset()
            slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, f"1.2.826.9.{len(name)}.{index + 1}"
            slice_.StudyInstanceUID, slice_.SeriesInstanceUID = "1.2.826.9", f"1.2.826.9.{len(name)}"
            slice_.Modality, slice_.PatientID, slice_.SeriesNumber = "CT", name, 2
            slice_.ImageType, slice_.SeriesDescription = ["ORIGINAL", "PRIMARY", "AXIAL"], "HEAD BRAIN"
            slice_.ConvolutionKernel, slice_.Manufacturer = "H31s", "SIEMENS"
            slice_.ImagePositionPatient, slice_.ImageOrientationPatient = [-95, -111, index * step], [1, 0, 0, 0, 1, 0]
            slice_.PixelSpacing, slice_.Rows, slice_.Columns = [2, 2], *plane.shape
            slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 0
            slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
            slice_.RescaleSlope, slice_.RescaleIntercept = 1, -1024
            slice_.PixelData = (plane + 1024).clip(0).astype("<u2").tobytes()
            slice_["PixelData"].VR = "OW"
            slice_.file_meta = FileMetaDataset()
            slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            change(slice_, index)
            if index not in skip:
                slice_.save_as(self.folder / name / f"IM{index:04d}.dcm", enforce_file_format=True)
        return self.folder / name


def scan(words, **how):
    """A fault of the baseline scan: values (a function of the good ones), affine, kind, or what to do to the file."""

    def write(originals, name):
        values = how.get("values", lambda hu: hu)(originals.scan.values.copy())
        affine = how.get("affine", lambda one: one)(originals.scan.affine.copy())
        path = originals.nifti(f"{name}.nii.gz", values, affine, how.get("kind", np.int16), seed=False)
        how.get("then", lambda path: None)(path)
        return {"baseline_ct": path.name}

    return write, words


def mask(words, values=lambda lesion: lesion, suffix="nii.gz", then=lambda path: None):
    """A fault of the baseline mask."""

    def write(originals, name):
        ct = originals.nifti(f"{name}.nii.gz")
        path = originals.mask(f"{name}_mask.nii.gz", values(originals.lesion.astype(np.uint8)))
        path = path.rename(path.with_name(f"{name}_mask.{suffix}"))
        then(path)
        return {"baseline_ct": ct.name, "baseline_mask": path.name}

    return write, words


def series(words, then=lambda folder: None, **how):
    """A fault of a DICOM series."""

    def write(originals, name):
        folder = originals.dicom(name, **how)
        then(folder)
        packed = folder.with_suffix(".zip")
        return {"baseline_ct": packed.name if packed.exists() else folder.name}

    return write, words


def one_voxel(value):
    def put(hu):
        hu[48, 56, 18] = value
        return hu

    return put


def leaning(mm):
    def lean(affine):
        affine[1, 2] = mm
        return affine

    return lean


def mirrored(path):
    image = nibabel.load(path)
    image = nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header)
    image.set_qform(np.diag([-1.0, 1, 1, 1]) @ image.affine, code=1)
    nibabel.save(image, path)


def padded(path):
    with gzip.open(path, "ab", 1) as stream:
        for _ in range(40):
            stream.write(bytes(2**20))


def inflating(path):
    seg = Dataset()
    seg.SOPClassUID, seg.SOPInstanceUID, seg.Rows, seg.Columns = SegmentationStorage, "1.2.826.5", 4, 4
    seg.file_meta = FileMetaDataset()
    seg.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    seg.PixelData = bytes(300 * 2**20)
    seg["PixelData"].VR = "OB"
    seg.save_as(path, enforce_file_format=True)


def first_file(spoil):
    def then(folder):
        file = sorted(folder.iterdir())[0]
        file.write_bytes(spoil(file.read_bytes()))

    return then


def leading_out(folder):
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"../{file.name}")
    shutil.rmtree(folder)


def other_patient(header, index):
    header.PatientID = f"P{index % 2}"


NRRD = (
    b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 30000 30000 30000\nspace: left-posterior-superior\nspace directions: \
(1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: gzip\n\nx"
)
BESIDE = np.array([[0.06, 0, 0, 0], [0, 0.06, 13.9, 0], [0, 0, 14, 0], [0, 0, 0, 1]])  # tilted, of narrow voxels
FAULTS = {
    "checksum": scan("CRC check failed", then=flipped),
    "half": scan("cannot be read as NIfTI", then=lambda path: path.write_bytes(path.read_bytes()[:9000])),
    "words": scan("cannot be read as NIfTI", then=lambda path: path.write_bytes(b"see the other disk" * 40)),
    "claims": scan("shorter than its header says", then=lambda path: header(path, (SIZES, "<4h", 3, *[30000] * 3))),
    "offset": scan("shorter than its header says", then=lambda path: header(path, (OFFSET, "<f", 1e30))),
    "bomb": scan("longer than its header says", then=padded),
    "nan": scan("1 voxels are NaN or infinite", values=one_voxel(np.nan), kind=np.float32),
    "bright": scan("no CT has values beyond", values=one_voxel(1e30), kind=np.float32),
    "empty": scan("every voxel is 0", values=np.zeros_like),
    "stored": scan("stored values without the intercept -1024", values=lambda hu: hu + 1024),
    "window": scan("not in HU: values from -100 to 100", values=lambda hu: hu.clip(-100, 100)),
    "micron": scan("which no CT has", then=lambda path: header(path, (UNITS, "<B", 3))),
    "mirrored": scan("mirrored or turned against each other", then=mirrored),
    "leaning": scan("tilted by 50 degrees", affine=leaning(6.0)),
    "beside": scan("the grid grows to", values=lambda hu: hu[:10, :10], affine=lambda _: BESIDE),
    "several": scan("it holds several volumes", values=lambda hu: np.stack([hu, hu], axis=3)),
    "vertex": scan("vertex", values=lambda hu: hu[:, :, :26]),
    "nothing": mask("manual mask is empty", np.zeros_like),
    "inverted": mask("above 400 mL: is the mask inverted", lambda lesion: 1 - lesion),
    "outside": mask("outside the head", lambda lesion: np.roll(lesion, (-52, -48), axis=(0, 1))),
    "labels": mask("more than two values", lambda lesion: lesion + (np.arange(36) > 20)),
    "smaller": mask("not on the scan's grid", lambda lesion: lesion[1:]),
    "promise": mask("NRRD", suffix="seg.nrrd", then=lambda path: path.write_bytes(NRRD)),
    "inflating": mask("cannot be read as DICOM-SEG", suffix="dcm", then=inflating),
    "gap": series("uneven slice positions", skip=(17,)),
    "cut": series("damaged DICOM: 1 of 36", then=first_file(lambda content: content[:500])),
    "zeros": series(
        "damaged DICOM: 1 of 36",
        then=first_file(lambda content: content[: content.index(b"\xe0\x7f\x10\0")] + bytes(8 * 480_000)),
    ),
    "zip": series("the zip is not safe", then=leading_out),
    "patients": series("several patients: 2 of them", change=other_patient),
    "absent": (lambda originals, name: {}, "no scan in the sheet"),
}


@pytest.fixture
def study(brain_scan, tmp_path):
    """A sheet with a sound participant of each role, two with one image, two bad follow-ups, and all FAULTS."""
    originals = Originals(tmp_path, brain_scan)
    rows = [
        {"participant_id": f"sub-{name}", "role": role, "baseline_ct": originals.nifti(f"{name}.nii.gz").name}
        for name, role in zip(GOOD, ("development", "external", "prediction"), strict=True)
    ]
    rows[0]["baseline_mask"] = originals.mask("good_mask.nii.gz", originals.lesion).name
    shutil.copy(tmp_path / "good.nii.gz", tmp_path / "twin.nii.gz")
    shutil.copy(originals.nifti("same.nii.gz"), tmp_path / "same2.nii.gz")
    rows.append({"participant_id": "sub-twin", "role": "external", "baseline_ct": "twin.nii.gz"})
    rows.append({"participant_id": "sub-same", "baseline_ct": "same.nii.gz", "followup_ct": "same2.nii.gz"})
    for name, hour in (("before", 9), ("after", 12)):
        originals.dicom(name, change=lambda header, index, hour=hour: clock(header, hour))
    rows.append({"participant_id": "sub-swapped", "baseline_ct": "after", "followup_ct": "before"})
    for number, (name, (write, _)) in enumerate(FAULTS.items()):
        role = "external" if number % 3 == 2 else "development"
        rows.append({"participant_id": f"sub-{name}", "role": role} | write(originals, name))
    table = pd.DataFrame(rows, columns=["participant_id", "role", *FILES]).fillna("n/a")
    table["role"], table["cohort"], table["mrs"] = table.role.replace("n/a", "development"), "trial", 3
    table.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    return read_sheet(tmp_path / "participants.tsv")


def clock(header, hour):
    header.AcquisitionDate, header.AcquisitionTime = "20240301", f"{hour:02d}0000"
    header.PixelData = (np.frombuffer(header.PixelData, "<u2") + hour).tobytes()
    header["PixelData"].VR = "OW"


def check(row, convert, limits, folder):
    """What the rules convert_scans and check_scans do for one participant."""
    files = {column: path for column in FILES if (path := row[column])}
    volumes, record = convert(files, row=row)
    for name in FILES:
        place = folder / f"{subject_of(row)}_{name}.nii.gz"
        write_image(volumes[name], place) if name in volumes else write_absent(place)
    write_record(record, folder / "conversion.json")
    conversion = read_record_as(ConversionRecord, folder / "conversion.json", subject=subject_of(row))
    checked = {}
    for time, converted in conversion.scans.items():
        there = "ct" not in converted.absent
        image = read_expected(folder / f"{subject_of(row)}_{time}_ct.nii.gz", present=there, read=read_scan)
        checked[time] = check_scan(image, converted=converted, settings=limits)
    write_record(ScanRecord(subject_of(row), **checked), folder / "scans.json")
    return read_record_as(ScanRecord, folder / "scans.json", subject=subject_of(row))


def listed(records, others, folder):
    """What the rule list_scans does for a role."""
    write_table(list_scans(records, others=others), folder / "scans.tsv", SCANS)
    write_table(list_checks(records), folder / "checks.tsv", SCAN_CHECKS)
    return read_table(folder / "scans.tsv", SCANS)


def megabytes(what):
    """Memory of this process: what it holds (VmRSS), or the most that it held (VmHWM)."""
    return int(Path("/proc/self/status").read_text().split(f"{what}:")[1].split()[0]) / 1024


def test_twenty_bad_participants_are_left_out_with_the_reason_and_the_flow_adds_up(study, convert, limits, tmp_path):
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory counts from here on
    before = megabytes("VmRSS")
    (tmp_path / "results").mkdir()
    records = {row["participant_id"]: check(row, convert, limits, tmp_path / "results") for row in study.rows}
    peak = megabytes("VmHWM") - before
    scans, flow, others = [], [], None
    for role in ("development", "external", "prediction"):
        own = [row for row in study.rows if row["role"] == role]
        table = listed([records[row["participant_id"]] for row in own], others, tmp_path)
        others = table if role == "development" else others
        scans.append(table)
        flow.append(count_flow(put_together(own, table), outcomes={"poor": "mrs > 3"}))
    table = pd.concat(scans).set_index(["subject", "timepoint"])
    assert len(table) == 2 * len(study.rows) and len(FAULTS) >= 20
    for name, (_, words) in (FAULTS | {"twin": (None, "the same image as that of: sub-good")}).items():
        row = table.loc[name, "baseline"]
        assert (row.status, row.stage) == ("excluded", "cohort"), (name, row.reason)
        assert words in row.reason, (name, row.reason)
    for name in (*GOOD, "same", "swapped"):
        assert table.loc[name, "baseline"].status == "included", (name, table.loc[name, "baseline"].reason)
    assert "the same image as the baseline" in table.loc["same", "followup"].reason
    assert "3.0 h earlier; are they swapped?" in table.loc["swapped", "followup"].reason
    steps = pd.concat(flow).groupby("step").n.sum()
    assert steps["enrolled"] == steps["included"] + steps["excluded"] == len(study.rows)
    assert steps["included"] == len(GOOD) + 2
    assert peak < MOST_MB


def put_together(rows, scans):
    """The cohort table of a role, where the networks did as told: whoever has a scan has a mask and features."""
    whose = [subject_of(row) for row in rows]
    status = scans[scans.timepoint == "baseline"].set_index("subject").status.reindex(whose)
    volumes = pd.DataFrame({"subject": whose, "status": status.tolist(), "stage": None, "reason": None})
    volumes["baseline_predicted_ml"] = volumes["followup_predicted_ml"] = None
    features = volumes[["subject", "status", "stage", "reason"]]
    latents = features.iloc[:0]
    tables = {"scans": scans, "volumes": volumes, "features": features, "latents": latents}
    return build_participants_table(rows, **tables, outcomes={"poor": "mrs > 3"}, source="masks")
