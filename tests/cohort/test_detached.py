"""A NRRD header leads to a file of its own folder and to no other file of the machine."""

import numpy as np
import pytest
import SimpleITK as sitk

from ichdag.cohort.nifti import read_original_mask as read_mask
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
    ],
)
@pytest.mark.parametrize("name", ["mask.nhdr", "mask.nrrd"])
def test_voxels_elsewhere_are_refused_without_their_name(header, field, name):
    with pytest.raises(DataFault, match="names a data file outside its folder") as error:
        read_mask(header(field, name))
    assert "voxels.raw" not in str(error.value)


def test_an_attached_file_whose_voxels_spell_such_a_field_is_read(tmp_path):
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 1, 1] = 1
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "mask.nrrd"))
    whole = (tmp_path / "mask.nrrd").read_bytes()
    (tmp_path / "mask.nrrd").write_bytes(whole + b"\ndata file: ../a.raw\n")
    assert read_mask(tmp_path / "mask.nrrd").values.sum() == 1
