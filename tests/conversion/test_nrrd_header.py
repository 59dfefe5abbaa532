"""A NRRD header leads to a file of its own folder and to no other file of the machine."""

import numpy as np
import pytest
import SimpleITK as sitk

from ichdag.conversion.nifti import read_original_mask as read_mask
from ichdag.conversion.nrrd_header import MAX_HEADER_BYTES, data_files, read_header
from ichdag.jobs import DataFault

FIELDS = "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 4 4\nencoding: raw\n"
FIELDS += "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"


@pytest.fixture
def header(tmp_path):
    """Write a header that names its data so, beside and outside of whose folder voxels lie."""
    (tmp_path / "masks" / "below").mkdir(parents=True)
    voxels = np.zeros(64, np.uint8)
    voxels[21:23] = 1
    for place in ("voxels.raw", "masks/voxels.raw", "masks/below/voxels.raw"):
        (tmp_path / place).write_bytes(voxels.tobytes())
    (tmp_path / "masks" / "slice1.raw").write_bytes(voxels.tobytes())

    def write(field, name="mask.nhdr"):
        path = tmp_path / "masks" / name
        path.write_text(FIELDS + field.replace("FOLDER", str(tmp_path)) + "\n")
        return path

    return write


@pytest.mark.parametrize("field", ["data file: voxels.raw", "datafile: below/voxels.raw", "data file: ./voxels.raw"])
def test_voxels_beside_and_below_the_header_are_read(header, field):
    assert read_mask(header(field)).values.sum() == 2


@pytest.mark.parametrize(
    "field",
    [
        "data file: ../voxels.raw",
        "data file: FOLDER/voxels.raw",
        "datafile:../voxels.raw",
        "Data File: below/../../voxels.raw",
        "data file: LIST\n../voxels.raw",
        "data file: LIST 3\nvoxels.raw\n../voxels.raw",
        "data file: ../slice%d.raw 1 1 1",
        "data file: ..\\voxels.raw",
        "data file: C:\\voxels.raw",
        "data file: ../voxels.raw\r",
        "data file: LIST3\n../voxels.raw",
        "data file: LIST 3 of them\n../voxels.raw",
        "data file: LIST 3\n\n../voxels.raw",
        "data file: ../voxels.raw\0.raw",
        "data file: ../voxels.raw\n\ndata file: voxels.raw",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["mask.nhdr", "mask.nrrd"])
def test_voxels_elsewhere_are_refused_without_their_name(header, field, name, ends):
    path = header(field, name)
    path.write_bytes(path.read_bytes().replace(b"\n", ends.encode()))
    with pytest.raises(DataFault, match="names a data file outside its folder") as error:
        read_mask(path)
    assert "voxels.raw" not in str(error.value)


@pytest.mark.parametrize("field", ["data file: ../voxels.raw", "data file: LIST\nvoxels.raw"])
def test_a_name_that_follows_more_than_is_read_of_a_header_is_not_followed(header, field):
    comments = "# a comment\n" * (MAX_HEADER_BYTES // 10)
    with pytest.raises(DataFault, match="no end of its header in 1,000,000 bytes"):
        read_mask(header(comments + field))


@pytest.mark.parametrize(
    "field",
    [
        "slice%d%s.raw 1 1 1 3",
        "slice%99d.raw 1 1 1 3",
        "slice%d.raw",
        "slice%d.raw one 1 1",
        "LIST%d%n.raw 1 1 1",
    ],
)
def test_a_pattern_that_would_end_the_job_or_is_none_is_refused(header, field):
    with pytest.raises(DataFault, match="by a pattern that is none"):
        read_mask(header(f"data file: {field}"))


def test_more_data_files_than_a_mask_can_have_are_not_looked_for(header, monkeypatch):
    monkeypatch.setattr("ichdag.conversion.nrrd_header.MAX_DATA_FILES", 3)
    (header("").parent / "slice2.raw").write_bytes(b"")
    assert len(list(data_files(header("data file: slice%d.raw 1 999999999 1")))) == 3
    (header("").parent / "slice3.raw").write_bytes(b"")
    with pytest.raises(DataFault, match="more than 2 data files"):
        read_mask(header("data file: slice%d.raw 1 3 1"))


def test_a_folder_in_the_place_of_a_data_file_is_refused(header):
    with pytest.raises(DataFault, match="something as its data file that is no file"):
        read_mask(header("data file: below"))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("DATA FILE: Voxels One.raw", ["Voxels One.raw"]),
        ("datafile: v%.raw", ["v%.raw"]),
        ("datafile: v%%.raw", ["v%%.raw"]),
        ("data file: s%02d.raw 1 5 2", ["s01.raw", "s03.raw", "s05.raw"]),
        ("data file: s%%%d 2 0 -1 2", ["s%2", "s%1", "s%0"]),
        ("data file: s%3d.raw\t-1 \t1  1", ["s -1.raw", "s  0.raw", "s  1.raw"]),
        ("data file: s%d.raw 1 5 0", []),
        ("data file: LIST 2\na.raw\n\nLIST\nb%d.raw 1 2 1", ["a.raw", "LIST", "b%d.raw 1 2 1"]),
        ("data file:=v.raw", []),
        ("# data file: v.raw", []),
        ("\ndata file: v.raw", []),
        ("data file: ../v.raw", []),
        ("data file: v\xe9.raw", ["v\xe9.raw"]),
    ],
)
@pytest.mark.parametrize("before", ["", "# a comment\n" * 5000])
def test_the_names_of_a_header_are_those_that_itk_reads(header, field, names, before):
    path = header(before + field)
    assert [str(file.relative_to(path.parent)) for file in data_files(path)] == names


def test_voxels_that_follow_are_no_part_of_a_header(tmp_path):
    (tmp_path / "mask.nrrd").write_bytes(FIELDS.encode() + b"\n" + b"\n\nx" * 10**6)
    header = read_header(tmp_path / "mask.nrrd")
    assert header.ended and header.fields == FIELDS.strip().encode() and header.names == ()


def test_an_attached_file_whose_voxels_spell_such_a_field_is_read(tmp_path):
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 1, 1] = 1
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "mask.nrrd"))
    whole = (tmp_path / "mask.nrrd").read_bytes()
    (tmp_path / "mask.nrrd").write_bytes(whole + b"\ndata file: ../a.raw\n")
    assert read_mask(tmp_path / "mask.nrrd").values.sum() == 1
