"""Stored values become HU: signs, rescale, padding, compression, multi-frame files."""

import struct
from contextlib import nullcontext

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless, generate_uid

from ichdag.conversion.dicom import decoding
from ichdag.conversion.dicom.compressed_frames import refuse_damaged_frame
from ichdag.jobs import DataFault, StudyError


@pytest.fixture
def rewrite(folder):
    """Read every drawn file, let the test change it, write it back."""

    def each(change):
        for file in folder.rglob("*.dcm"):
            header = pydicom.dcmread(file)
            change(header)
            header.save_as(file)

    return each


def gdcm(compressor, tmp_path):
    """Compress a file's pixels with the other DICOM library at hand, which can write what pydicom cannot."""

    def change(header):
        image = SimpleITK.GetImageFromArray(header.pixel_array[None])
        writer = SimpleITK.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetUseCompression(True)
        writer.SetCompressor(compressor)
        writer.SetFileName(str(tmp_path / "compressed.dcm"))
        writer.Execute(image)
        done = pydicom.dcmread(tmp_path / "compressed.dcm")
        header.file_meta.TransferSyntaxUID = done.file_meta.TransferSyntaxUID
        header.PixelData = done.PixelData
        header["PixelData"].VR, header["PixelData"].is_undefined_length = "OB", True

    return change


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (2, -1024), (1, -8192)])
def test_rescale_and_sign_are_applied(folder, draw, convert, drawn_hu, signed, slope, intercept):
    stored = {"signed": signed, "slope": slope, "intercept": intercept}
    draw(stored=stored, change=lambda header, index: setattr(header, "RescaleIntercept", intercept))
    done = convert(folder)
    assert np.abs(done.volume.values - drawn_hu(done.volume)).max() <= slope / 2
    assert done.volume.values.dtype == np.float32


def test_signed_values_without_an_intercept_are_hu(folder, draw, convert, is_exact):
    change = {"signed": True, "intercept": 0}
    draw(stored=change, change=lambda header, index: setattr(header, "RescaleIntercept", 0))
    assert is_exact(convert(folder))


def test_each_slice_has_its_own_rescale(folder, draw, rewrite, convert, is_exact):
    def scaled(header):
        extra = int(header.InstanceNumber) * 10
        header.PixelData = (header.pixel_array + extra).astype("<u2").tobytes()
        header.RescaleIntercept = -1024 - extra

    draw()
    rewrite(scaled)
    assert is_exact(convert(folder))


@pytest.mark.parametrize("name", ["RescaleSlope", "RescaleIntercept"])
def test_a_missing_rescale_is_left_out(folder, draw, reason, name):
    draw(change=lambda header, index: delattr(header, name) if index == 3 else None)
    assert "not in HU: rescale slope or intercept missing" in reason(folder)


def test_another_rescale_type_is_left_out(folder, draw, reason):
    draw(change=lambda header, index: setattr(header, "RescaleType", "Z_EFF"))
    assert "not in HU: rescale type" in reason(folder)


@pytest.mark.parametrize("declared", [True, False])
def test_padding_becomes_air_and_is_counted(folder, draw, rewrite, convert, drawn_hu, declared):
    def padded(header):
        values = header.pixel_array.copy()
        values[:2] = -2000
        header.PixelData = values.astype("<i2").tobytes()
        if declared:
            header.add_new("PixelPaddingValue", "US", 65536 - 2000)  # unsigned, as some scanners write it

    draw(stored={"signed": True, "intercept": 0}, change=lambda header, index: setattr(header, "RescaleIntercept", 0))
    rewrite(padded)
    done = convert(folder)
    assert done.facts["padding_voxels"] == 2 * 32 * 12
    values, inside = done.volume.values, done.volume.values > -1024
    assert (~inside).sum() == 2 * 32 * 12
    assert np.array_equal(values[inside], drawn_hu(done.volume)[inside])


def test_padding_above_the_ct_range_becomes_air(folder, draw, rewrite, convert):
    def padded(header):
        values = header.pixel_array.copy()
        values[:2] = 63536
        header.PixelData = values.astype("<u2").tobytes()
        header.add_new("PixelPaddingValue", "US", 63536)

    draw()
    rewrite(padded)
    done = convert(folder)
    assert done.facts["padding_voxels"] == 2 * 32 * 12 and done.volume.values.max() < 100


def test_a_padding_value_that_would_be_tissue_is_not_believed(folder, draw, convert, is_exact):
    draw(change=lambda header, index: header.add_new("PixelPaddingValue", "US", 1054))  # 30 HU, the brain
    assert is_exact(convert(folder))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_what_pydicom_can_compress_is_read(folder, draw, rewrite, convert, is_exact, syntax):
    if syntax == JPEGLSLossless:
        pytest.importorskip("jpeg_ls", reason="pyjpegls, which writes JPEG-LS, is not installed")
    draw(stored={"signed": True, "intercept": 0}, change=lambda header, index: setattr(header, "RescaleIntercept", 0))
    rewrite(lambda header: header.compress(syntax, generate_instance_uid=False))
    done = convert(folder)
    assert is_exact(done) and done.facts["transfer_syntax"] == syntax.name


@pytest.mark.parametrize(("compressor", "syntax"), [("JPEG2000", JPEG2000Lossless), ("JPEG", JPEGLosslessSV1)])
@pytest.mark.parametrize("signed", [True, False])
def test_lossless_jpeg_is_read(folder, draw, rewrite, convert, is_exact, tmp_path, compressor, syntax, signed):
    intercept = 0 if signed else -1024
    stored = {"signed": signed, "intercept": intercept}
    draw(stored=stored, change=lambda header, index: setattr(header, "RescaleIntercept", intercept))
    rewrite(gdcm(compressor, tmp_path))
    done = convert(folder)
    assert is_exact(done) and done.facts["transfer_syntax"] == syntax.name


def test_big_endian_is_read(folder, draw, convert, is_exact):
    draw()
    for file in folder.rglob("*.dcm"):
        header = pydicom.dcmread(file)
        header.PixelData = header.pixel_array.astype(">u2").tobytes()
        turned = pydicom.Dataset({element.tag: element for element in header})
        turned.file_meta = header.file_meta
        turned.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
        turned.save_as(file, implicit_vr=False, little_endian=False, enforce_file_format=True)
    assert is_exact(convert(folder))


def test_deflated_files_are_read(folder, draw, rewrite, convert, is_exact):
    draw()
    rewrite(lambda header: setattr(header.file_meta, "TransferSyntaxUID", pydicom.uid.DeflatedExplicitVRLittleEndian))
    assert is_exact(convert(folder))


def test_a_compression_that_dcm2niix_cannot_read_is_left_out(folder, draw, rewrite, reason):
    def pretend(header):
        header.compress(RLELossless, generate_instance_uid=False)
        header.file_meta.TransferSyntaxUID = pydicom.uid.HTJ2KLossless

    draw()
    rewrite(pretend)
    assert "pixel data cannot be read: dcm2niix" in reason(folder)


def test_a_transfer_syntax_that_is_none_is_left_out_and_not_told(folder, draw, reason):
    draw(count=10, step_mm=12.0, size=8, pixel_mm=24.0)
    for file in folder.rglob("*.dcm"):
        file.write_bytes(file.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"DOE.JANE.1950.1.1.1\0", 1))
    assert reason(folder) == "pixel data cannot be read: the transfer syntax is none of DICOM's"


def test_compressed_pixels_cut_short_are_left_out(folder, draw, rewrite, reason):
    draw()
    rewrite(lambda header: header.compress(RLELossless, generate_instance_uid=False))
    one = next(folder.rglob("*.dcm"))
    one.write_bytes(one.read_bytes()[:-300])
    assert "pixel data" in reason(folder)


@pytest.mark.parametrize("kind", ["RLE", "JPEG", "JPEG2000"])
def test_a_compressed_image_with_other_bytes_within_is_left_out(folder, draw, rewrite, reason, tmp_path, kind):
    """Decoders draw something of them: 3,567 voxels were others, and the scan was included."""
    draw(count=10, step_mm=12.0, size=64, pixel_mm=3.0)
    rewrite(
        gdcm(kind, tmp_path)
        if kind != "RLE"
        else lambda header: header.compress(RLELossless, generate_instance_uid=False)
    )
    file = sorted(folder.rglob("*.dcm"))[5]
    content = bytearray(file.read_bytes())
    begin = content.index(b"\xe0\x7f\x10\x00")
    for place in range(len(content) - (len(content) - begin) // 2, len(content) - 20):
        content[place] ^= 0x5A
    file.write_bytes(content)
    by_us = "pixel data are damaged: a compressed image is not whole, copy the files again"
    words = reason(folder)
    assert words == by_us if kind == "RLE" else words.startswith(("pixel data cannot be read: dcm2niix", by_us))


@pytest.mark.parametrize(
    ("image", "is_whole"),
    [
        (b"\x03abcd\xfd\x00", True),  # four bytes, and one four times
        (b"\x03abcd\x80\xfd\x00\x00", True),
        (b"\x03abcd\xfc\x00", False),
        (b"\x03abcd\xfe\x00", False),
        (b"\x03abcd\xfd\x00\x07more", False),
    ],
)
def test_a_segment_of_rle_is_as_long_as_the_image(image, is_whole):
    header = Dataset()
    header.Rows, header.Columns, header.BitsAllocated = 2, 4, 8
    with nullcontext() if is_whole else pytest.raises(DataFault, match="not whole"):
        refuse_damaged_frame(struct.pack("<16L", 1, 64, *[0] * 14) + image, header, RLELossless)
    header.BitsAllocated = 16
    with pytest.raises(DataFault, match="not whole"):
        refuse_damaged_frame(struct.pack("<16L", 1, 64, *[0] * 14) + image, header, RLELossless)


@pytest.mark.parametrize(("kind", "marker"), [("JPEG", b"\xff\x02"), ("JPEG2000", b"\xff\xf0")])
def test_jpeg_goes_from_marker_to_marker_to_its_end(draw, tmp_path, kind, marker):
    (header, *_) = draw(count=1)
    gdcm(kind, tmp_path)(header)
    image, syntax = next(generate_frames(header.PixelData, number_of_frames=1)), header.file_meta.TransferSyntaxUID
    refuse_damaged_frame(image, header, syntax)
    header.Rows += 1
    spoiled = [image, image[:-9], b"\0" + image, image[:-40] + marker + image[-38:]]
    for content in spoiled:
        with pytest.raises(DataFault, match="not whole"):
            refuse_damaged_frame(content, header, syntax)
        header.Rows = 32


def test_color_images_are_left_out(folder, draw, reason):
    draw(change=lambda header, index: setattr(header, "PhotometricInterpretation", "RGB"))
    assert "pixels not readable as CT" in reason(folder)


@pytest.mark.parametrize("shuffled", [False, True])
def test_an_enhanced_multi_frame_file_is_read_whatever_the_order_of_its_frames(
    folder, draw_frames, convert, is_exact, shuffled
):
    draw_frames(order=[3, 1, 2, 0, 11, 5, 6, 7, 8, 10, 9, 4] if shuffled else None)
    done = convert(folder)
    assert is_exact(done) and done.facts["multiframe"] and done.facts["slices"] == 12


def test_frames_of_another_orientation_in_the_same_file_are_another_stack(folder, draw_frames, convert, is_exact):
    draw_frames(coronal=3)
    done = convert(folder)
    assert is_exact(done) and [record["slices"] for record in done.series] == [12, 3]


def test_a_compressed_multi_frame_file_is_read(folder, draw_frames, rewrite, convert, is_exact):
    draw_frames()
    rewrite(lambda header: header.compress(RLELossless, generate_instance_uid=False))
    assert is_exact(convert(folder / "enhanced.dcm"))


def test_a_multi_frame_file_cut_short_is_left_out(folder, draw_frames, reason):
    draw_frames()
    file = folder / "enhanced.dcm"
    file.write_bytes(file.read_bytes()[:-3000])
    assert reason(folder).startswith("pixel data cut short: a file is not whole")


def test_a_volume_that_is_not_the_headers_stack_is_left_out(folder, draw, reason, monkeypatch):
    def lossy(stack, clean):
        """As if a slice had been lost on the way."""
        write_all(stack, clean)
        sorted(clean.iterdir())[-1].unlink()

    write_all = decoding.write_deidentified
    monkeypatch.setattr(decoding, "write_deidentified", lossy)
    draw()
    assert reason(folder) == "dcm2niix lost slices: shape (32, 32, 11), the headers say (32, 32, 12)"


def test_without_dcm2niix_the_study_stops_and_says_what_to_install(folder, draw, convert, monkeypatch):
    monkeypatch.setattr(decoding.shutil, "which", lambda *names, **places: None)
    draw(uid=generate_uid())
    with pytest.raises(StudyError, match="dcm2niix is not installed"):
        convert(folder)
