"""Writers of originals with faults, and their conversion with the shipped settings."""

import nibabel
import numpy as np
import pytest

from ichdag.cohort.sheet import subject_of
from ichdag.conversion.dicom import DicomSettings
from ichdag.conversion.participant_scans import ConversionSettings, convert_participant
from ichdag.images import write_image
from ichdag.records import to_record

# What a NRRD header says of data files apart: its own name, and the field.
APART = [
    ("mask.nhdr", "data file: voxels.raw"),
    ("mask.nhdr", "Data File: voxels.raw"),
    ("mask.NHDR", "DATAFILE: below/voxels one.raw"),
    ("mask.nrrd", "datafile: voxels.raw"),
    ("mask.seg.nrrd", "data file: s%d.raw 0 35 1"),
    ("mask.nhdr", "data file: s%03d.raw 35 0 -1 2"),
    ("mask.nhdr", "Data file: below/s%03d.raw 10 80 2"),
    ("mask.nhdr", "data file: LIST\nLIST\nbelow/LIST of slices 1.raw"),
    ("mask.nhdr", "data file: LIST 2\ns0.raw\ns1.raw"),
]
SHAPE = (96, 112, 36)


@pytest.fixture
def convert(config, tmp_path):
    """Convert originals (paths by column) with the shipped settings, some changed: (volumes, record)."""

    def run(files, *, row=None, **changes):
        own = {name: config["cohort"][name] for name in ("min_lesion_ml", "max_lesion_ml")}
        own |= {"head_hu": config["preprocessing"]["head_hu"]}
        own |= config["conversion"] | {"dicom": DicomSettings(**config["conversion"]["dicom"])}
        settings = ConversionSettings(**own | changes)
        paths = {name: str(path) for name, path in files.items()}
        subject = subject_of({"participant_id": "S1"} | (row or {}))
        volumes, record = convert_participant(
            paths, subject=subject, row=row or {}, settings=settings, workdir=tmp_path / "work"
        )
        return volumes, to_record(record)

    return run


@pytest.fixture
def reason(convert):
    """Why a baseline scan (and mask) is left out; the follow-up beside it is not."""

    def run(ct, mask=None, followup=None, **changes):
        files = {"baseline_ct": ct} | ({"baseline_mask": mask} if mask else {})
        files |= {"followup_ct": followup} if followup else {}
        _, record = convert(files, **changes)
        assert (record["baseline"]["status"], record["baseline"]["stage"]) == ("excluded", "cohort")
        assert not followup or record["followup"]["status"] == "included"
        return record["baseline"]["reason"]

    return run


@pytest.fixture
def written(brain_scan, tmp_path):
    """Write the drawn scan, or values in its place, as NIfTI with these header fields; give the path."""

    def write(name="ct.nii.gz", values=None, affine=None, kind=None, qform=None, slope=None, codes=(1, 1)):
        values = brain_scan[0].values if values is None else values
        affine = brain_scan[0].affine if affine is None else affine
        image = nibabel.Nifti1Image(values.astype(kind or np.int16), affine)
        image.set_sform(affine, code=codes[1])
        image.set_qform(affine if qform is None else qform, code=codes[0])
        if slope:
            image.header.set_slope_inter(*slope)
        nibabel.save(image, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def mask_file(brain_scan, tmp_path):
    """Write the drawn mask, or another, and give its path."""

    def write(mask=None, name="mask.nii.gz"):
        write_image(mask or brain_scan[1], tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture(params=APART, ids=lambda form: " ".join(form))
def apart(request, brain_scan, tmp_path):
    """The drawn mask as a NRRD header and data files of its own, in each form that there is: header, data files.

    Lists are filled up to a file a slice.
    """
    name, field = request.param
    mask, folder = brain_scan[1], tmp_path / "apart"
    first, *listed = field.split("\n")
    if listed:
        names = listed + [f"s{number}.raw" for number in range(len(listed), SHAPE[2])]
        field = "\n".join([first, *names])
    elif "%" in field:
        form, start, end, step = field.partition(": ")[2].split(" ")[:4]
        names = [form % number for number in range(int(start), int(end) + int(step), int(step))]
    else:
        names = [field.partition(": ")[2]]
    (folder / "below").mkdir(parents=True)
    planes = mask.values.T.astype(np.uint8)
    for one, part in zip(names, np.split(planes, len(names)), strict=True):
        (folder / one).write_bytes(part.tobytes())
    fields = ["NRRD0004", "type: uint8", "dimension: 3", "space: left-posterior-superior", "encoding: raw"]
    fields += [f"sizes: {' '.join(map(str, SHAPE))}", "space directions: (-2,0,0) (0,-2,0) (0,0,5)"]
    place = np.diag([-1, -1, 1]) @ mask.affine[:3, 3]
    fields += [f"space origin: ({','.join(map(str, place))})", field]
    (folder / name).write_text("\n".join([*fields, ""]))
    return folder / name, [folder / one for one in names]
