"""DICOM series drawn by the tests: a head in air with one ball in it, whose HU at every place is known."""

import functools
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from ichdag.conversion.dicom import DicomSettings, convert_dicom
from ichdag.jobs import DataFault

NAME = "DOE^JANE"
BALL_CENTER, BALL_MM, BALL_HU = np.array([10.0, -15.0, 8.0]), 40.0, 60.0
AXES = {
    "axial": ([1, 0, 0], [0, 1, 0], [0, 0, 1]),
    "coronal": ([1, 0, 0], [0, 0, -1], [0, 1, 0]),
    "sagittal": ([0, 1, 0], [0, 0, -1], [1, 0, 0]),
    "feet first": ([-1, 0, 0], [0, 1, 0], [0, 0, 1]),
    "decubitus": ([0, 1, 0], [-1, 0, 0], [0, 0, 1]),
}
VALUES = {
    "min_slices": 10,
    "min_coverage_mm": 100,
    "min_slice_step_mm": 0,
    "max_axial_degrees": 45,
    "min_tilt_degrees": 0.1,
    "max_tilt_degrees": 35,
    "tilt_tolerance_degrees": 1,
    "position_tolerance_mm": 0.1,
    "resample_variable_spacing": False,
    "max_gap_mm": 10,
    "soft_tissue_kernels": (r"[BHJQ][a-z]?[1-4]\d", "SOFT", "STANDARD", "BRAIN", r"FC[012]\d", r"(UA|UB|UC)$"),
    "sharp_kernels": (r"[BHJQTUV][a-z]?[5-9]\d", "BONE", "EDGE", "LUNG", r"FC[358]\d", r"(YC|YD|YE)$"),
    "soft_tissue_words": ("brain", "soft"),
    "sharp_words": ("bone", "sharp", "lung"),
    "contrast_words": ("cta", "angio", "contrast", "venous"),
    "no_contrast_words": ("non contrast", "without contrast", "w/o"),
    "head_words": ("head", "brain", "skull"),
    "other_body_words": ("spine", "neck", "chest", "thorax", "abdomen"),
    "excluded_words": ("scout", "topogram", "localizer", "dose report", "perfusion", "mip", "monitoring"),
    "excluded_image_types": ("DERIVED", "LOCALIZER", "PERFUSION", "MIP", "SCREEN SAVE"),
    "max_files": 2000,
    "max_unpacked_gb": 0.1,
}


def hu_at(points):
    """HU of the drawn head at places (..., 3) in LPS mm; edges are 4 mm soft, as a scanner's are."""

    def inside(center, radius):
        return np.clip((radius - np.linalg.norm(points - center, axis=-1)) / 4 + 0.5, 0, 1)

    head, ball = inside(np.zeros(3), 85.0), inside(BALL_CENTER, BALL_MM)
    return np.rint(-1000 + 1030 * head + (BALL_HU - 30) * ball)


def hu_on(volume):
    """HU the drawn head has at the voxels of a converted volume."""
    index = np.stack(np.meshgrid(*map(np.arange, volume.values.shape), indexing="ij"), axis=-1)
    ras = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return hu_at(ras * [-1, -1, 1])


def planes(*, count=12, size=32, pixel_mm=6.0, places=None, step_mm=10.0, tilt=0.0, axes="axial"):
    """(position, orientation, HU) of each slice; `places` along the table, `tilt` of the gantry in degrees.

    `size` and `pixel_mm` are one number, or two: of rows, then of columns.
    """
    row, column, along = (np.array(axis, dtype=float) for axis in AXES[axes])
    column = column * np.cos(np.radians(tilt)) - along * np.sin(np.radians(tilt))
    down, across = ((np.arange(n) - (n - 1) / 2) * edge for n, edge in zip(pair(size), pair(pixel_mm), strict=True))
    places = (np.arange(count) - (count - 1) / 2) * step_mm if places is None else places
    for place in places:
        points = place * along + down[:, None, None] * column + across[None, :, None] * row
        yield points[0, 0], [*row, *column], hu_at(points)


def pair(value):
    """One number as two."""
    return list(value) if isinstance(value, tuple) else [value, value]


def common(*, uid, number, description, kernel, modality="CT"):
    """What all headers of a series share, the patient's name among it."""
    header = Dataset()
    header.PatientName, header.PatientID, header.PatientBirthDate, header.PatientSex = NAME, "P1", "19500101", "F"
    header.AccessionNumber, header.InstitutionName, header.ReferringPhysicianName = "A77", "St. Elsewhere", "WHO^DR"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = "1.2.826.1", uid, "1.2.826.1.9"
    header.StudyID, header.StudyDate, header.StudyTime = "1", "20240301", "080000"
    header.SeriesNumber, header.SeriesDescription, header.Modality = number, description, modality
    header.AcquisitionDate, header.AcquisitionTime, header.AcquisitionNumber = "20240301", "081530.5", 1
    header.Manufacturer, header.ConvolutionKernel, header.KVP, header.PatientPosition = "SIEMENS", kernel, 120, "HFS"
    header.ManufacturerModelName, header.DeviceSerialNumber, header.SoftwareVersions = "Model", "1", "1"
    return header


def pixels(header, hu, *, slope=1, intercept=-1024, signed=False):
    """Put one plane (or several frames) of HU into a header as 16-bit stored values."""
    stored = np.rint((hu - intercept) / slope)
    header.Rows, header.Columns = hu.shape[-2:]
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.PixelRepresentation = int(signed)
    header.PixelData = stored.astype("<i2" if signed else "<u2").tobytes()
    header["PixelData"].VR = "OW"


def save(header, file, *, sop_class=CTImageStorage):
    """Write a header and its pixels as a DICOM file."""
    header.SOPClassUID, header.SOPInstanceUID = sop_class, header.get("SOPInstanceUID") or generate_uid()
    if not hasattr(header, "file_meta"):
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = sop_class
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    header.save_as(file, enforce_file_format=True)
    return header


def draw_series(
    folder,
    *,
    number=2,
    description="HEAD BRAIN",
    kernel="H31s",
    uid=None,
    thickness=9.0,
    change=None,
    stored=None,
    image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
    modality="CT",
    patient="P1",
    study="1.2.826.1",
    **geometry,
):
    """Write one series; `change(header, index)` spoils a slice before it is written, or returns False to leave it out.

    `thickness` is a SliceThickness tag that is not the step, as scanners write it.
    """
    uid = uid or generate_uid()
    headers = []
    for index, (position, orientation, hu) in enumerate(planes(**geometry)):
        header = common(uid=uid, number=number, description=description, kernel=kernel, modality=modality)
        header.PatientID, header.StudyInstanceUID, header.FrameOfReferenceUID = patient, study, study + ".9"
        header.ImageType, header.InstanceNumber, header.SliceThickness = list(image_type), index + 1, thickness
        header.ImagePositionPatient = [f"{value:.6f}" for value in position]
        header.ImageOrientationPatient = [f"{value:.8f}" for value in orientation]
        header.PixelSpacing = pair(geometry.get("pixel_mm", 6.0))
        header.RescaleSlope, header.RescaleIntercept = (stored or {}).get("slope", 1), -1024
        pixels(header, hu, **(stored or {}))
        if change is None or change(header, index) is not False:
            headers.append(save(header, folder / f"{number:03d}" / f"JANE_{index:04d}.dcm"))
    return headers


def draw_multiframe(file, *, order=None, coronal=0, **geometry):
    """Write one Enhanced CT file with all slices as frames, in any order, after some coronal ones."""
    drawn = list(planes(**geometry))
    drawn = [drawn[index] for index in order or range(len(drawn))]
    drawn = [*planes(axes="coronal", count=coronal), *drawn]
    header = common(uid=generate_uid(), number=5, description="HEAD BRAIN", kernel="H31s")
    header.ImageType, header.InstanceNumber = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], 1
    header.NumberOfFrames = len(drawn)

    def group(**values):
        item = Dataset()
        for name, value in values.items():
            setattr(item, name, value)
        return Sequence([item])

    shared = Dataset()
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=list(drawn[-1][1]))
    shared.PixelMeasuresSequence = group(PixelSpacing=[6.0, 6.0], SliceThickness=9.0)
    shared.PixelValueTransformationSequence = group(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")
    shared.CTImageFrameTypeSequence = group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    shared.CTReconstructionSequence = group(ConvolutionKernel="H31s")
    header.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for position, orientation, _ in drawn:
        frames.append(Dataset())
        if orientation != drawn[-1][1]:
            frames[-1].PlaneOrientationSequence = group(ImageOrientationPatient=orientation)
        frames[-1].PlanePositionSequence = group(ImagePositionPatient=[f"{value:.6f}" for value in position])
    header.PerFrameFunctionalGroupsSequence = Sequence(frames)
    del header.ConvolutionKernel
    pixels(header, np.stack([hu for _, _, hu in drawn]))
    return save(header, file, sop_class=EnhancedCTImageStorage)


@pytest.fixture
def folder(tmp_path):
    """Where a test's scan lies; its name holds the patient's, as folders do."""
    path = tmp_path / "DOE_JANE"
    path.mkdir()
    return path


@pytest.fixture
def draw(folder):
    """Write a series into the test's folder: see `draw_series`."""
    return functools.partial(draw_series, folder)


@pytest.fixture
def draw_frames(folder):
    """Write an Enhanced multi-frame file into the test's folder: see `draw_multiframe`."""
    return functools.partial(draw_multiframe, folder / "enhanced.dcm")


@pytest.fixture
def settings():
    """The settings of these tests, some of them changed by the test."""
    return lambda **changes: DicomSettings(**(VALUES | changes))


@pytest.fixture
def convert(tmp_path, settings):
    """Convert a path with the settings of these tests, some changed."""

    def run(path, *, series=None, **changes):
        return convert_dicom(path, series=series, settings=settings(**changes), workdir=tmp_path / "work")

    return run


@pytest.fixture
def reason(convert, tmp_path):
    """Why a path cannot be converted; nothing is left behind and nobody is named."""

    def run(path, **changes):
        with pytest.raises(DataFault) as caught:
            convert(path, **changes)
        assert caught.value.stage == "cohort"
        assert "DOE" not in caught.value.reason and "JANE" not in caught.value.reason.upper()
        assert not list((tmp_path / "work").iterdir())
        return caught.value.reason

    return run


@pytest.fixture
def drawn_hu():
    """HU the drawn head has at the voxels of a converted volume."""
    return hu_on


@pytest.fixture
def is_exact():
    """Whether every voxel of a conversion has the HU of its place."""
    return lambda done: np.array_equal(done.volume.values, hu_on(done.volume).astype(np.float32))
