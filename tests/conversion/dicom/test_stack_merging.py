"""No slice of a series is lost without a word: what differs in little is one stack, what differs in more is refused."""

import struct
import time
import zipfile
from contextlib import contextmanager

import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from ichdag.conversion.dicom import read_limits, streams
from ichdag.conversion.dicom.dicom_files import collect_files
from ichdag.conversion.dicom.dicom_to_volume import select_scan
from ichdag.conversion.dicom.headers import read_headers
from ichdag.jobs import DataFault


def every_second(change):
    """A change of the slices 1, 3, 5 ..."""
    return lambda header, index: change(header) if index % 2 else None


def put(**tags):
    """A change that sets tags, or takes those away that are None."""

    def change(header):
        for name, value in tags.items():
            if value is None:
                delattr(header, name)
            else:
                setattr(header, name, value)

    return change


ALIKE = {
    "pixel spacing in the fifth digit": put(PixelSpacing=["6.0003", "6.0003"]),
    "two values of image type": put(ImageType=["ORIGINAL", "PRIMARY"]),
    "another third value": put(ImageType=["ORIGINAL", "PRIMARY", "OTHER"]),
    "no image type": put(ImageType=None),
    "kernel in another case": put(ConvolutionKernel="h31S"),
    "no kernel": put(ConvolutionKernel=None),
    "orientation off by 0.006": put(ImageOrientationPatient=["0.999982", "0.006", "0", "-0.006", "0.999982", "0"]),
    "no series number": put(SeriesNumber=None),
    "no modality": put(Modality=None),
}
OTHER = {
    "pixel spacing": put(PixelSpacing=["6.2", "6.2"]),
    "orientation": put(ImageOrientationPatient=["0.9998", "0.02", "0", "-0.02", "0.9998", "0"]),
    "kernel": put(ConvolutionKernel="B70s"),
    "image type": put(ImageType=["DERIVED", "SECONDARY", "AXIAL"]),
    "position": put(ImageOrientationPatient=None),
}


@pytest.fixture
def taken(folder, settings):
    """The stack that is taken of the files in the test's folder, by their headers alone."""
    return lambda: select_scan(read_headers(sorted(folder.rglob("*.dcm")))[0], series=None, settings=settings())[0]


@pytest.mark.parametrize("change", ALIKE.values(), ids=ALIKE)
def test_every_second_slice_that_differs_in_little_is_taken(draw, taken, change):
    draw(change=every_second(change))
    stack = taken()
    assert len(stack.slices) == 12 and stack.geometry.step_mm == 10


@pytest.mark.parametrize("name", ["kernel in another case", "two values of image type"])
def test_slices_that_differ_in_little_are_converted_voxel_for_voxel(folder, draw, convert, is_exact, name):
    draw(change=every_second(ALIKE[name]))
    done = convert(folder)
    assert is_exact(done) and done.volume.values.shape[2] == 12


@pytest.mark.parametrize("name", ["pixel spacing in the fifth digit", "orientation off by 0.006"])
def test_slices_at_an_end_that_differ_in_little_are_taken(draw, taken, name):
    draw(count=14, step_mm=9.0, change=lambda header, index: ALIKE[name](header) if index > 11 else None)
    assert len(taken().slices) == 14


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("first", [22, None])
def test_slices_of_the_series_that_do_not_fit_leave_the_scan_out(draw, taken, name, first):
    """The last two, or every second one."""
    draw(
        count=24,
        step_mm=6.0,
        change=lambda header, index: OTHER[name](header) if (index % 2 if first is None else index >= first) else None,
    )
    with pytest.raises(DataFault, match=f"the series is in parts: .* differ in .*{name}"):
        taken()


def test_a_second_reconstruction_at_the_same_places_is_another_stack(folder, draw, convert, is_exact):
    uid = generate_uid()
    draw(uid=uid)
    draw(uid=uid, change=lambda header, index: setattr(header, "ConvolutionKernel", "H60s"), number=2)
    for index, file in enumerate(sorted(folder.rglob("*.dcm"))):
        file.rename(file.with_name(f"a{index}.dcm"))
    draw(uid=uid)
    done = convert(folder)
    assert is_exact(done) and done.facts["kernel"] == "H31s" and len(done.series) == 2


@pytest.mark.parametrize("same", ["pairs", "all"])
def test_images_that_share_a_uid_are_no_copies_where_they_lie_apart(folder, draw, convert, is_exact, same):
    uids = [generate_uid() for _ in range(6)]
    draw(change=lambda header, index: setattr(header, "SOPInstanceUID", uids[index // 2 if same == "pairs" else 0]))
    done = convert(folder)
    assert is_exact(done) and done.facts["slices"] == 12 and done.facts["files_copies"] == 0


def test_two_series_that_share_all_uids_are_told_apart_by_their_numbers(folder, draw, convert, is_exact):
    uid = generate_uid()
    same = {"uid": uid, "change": lambda header, index: setattr(header, "SOPInstanceUID", uid)}
    draw(number=2, **same)
    draw(number=3, kernel="H60s", description="HEAD BONE", step_mm=11.0, **same)
    done = convert(folder)
    assert is_exact(done) and done.facts["series_number"] == 2 and done.facts["slices"] == 12


@pytest.fixture
def bared():
    """Take preamble and meta header from a file: explicit type, or with implicit type and the pixels as they were."""

    def change(file, *, implicit=False):
        header = pydicom.dcmread(file)
        header.file_meta = FileMetaDataset()
        with open(file, "wb") as stream:
            dcmwrite(stream, header, implicit_vr=implicit, little_endian=True, enforce_file_format=False)

    return change


@pytest.mark.parametrize(
    ("which", "implicit"), [(slice(1, None, 2), True), (slice(10, None), False), (slice(10, None), True)]
)
def test_files_without_the_preamble_are_read_beside_those_that_have_it(
    folder, draw, convert, is_exact, bared, which, implicit
):
    draw()
    for file in sorted(folder.rglob("*.dcm"))[which]:
        bared(file, implicit=implicit)
    done = convert(folder)
    assert is_exact(done) and done.facts["slices"] == 12


@pytest.mark.parametrize("content", [b"", bytes(4000), b"version https://git-lfs.github.com/spec/v1\n" * 9])
def test_a_file_named_as_the_slices_are_that_holds_none_is_not_passed_over(folder, draw, reason, content):
    draw()
    sorted(folder.rglob("*.dcm"))[-1].write_bytes(content)
    assert reason(folder).startswith("damaged DICOM: 1 of 12 files")


def test_what_macos_writes_beside_each_file_is_left_alone(folder, draw, convert, is_exact):
    draw()
    for file in sorted(folder.rglob("*.dcm")):
        file.with_name(f"._{file.name}").write_bytes(b"\0\5\x16\7" + bytes(200))
    assert is_exact(convert(folder))


def test_folders_behind_links_are_read_and_links_that_lead_back_end(folder, draw, convert, is_exact, tmp_path):
    draw()
    (folder / "002").rename(tmp_path / "elsewhere")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    done = convert(folder)
    assert is_exact(done) and done.facts["files_copies"] == 0


def test_a_link_whose_data_were_not_fetched_fails_and_says_so(folder, draw, convert):
    draw()
    last = sorted(folder.rglob("*.dcm"))[-1]
    last.unlink()
    last.symlink_to("../.git/annex/objects/xx")
    with pytest.raises(FileNotFoundError, match="were the data fetched"):
        convert(folder)


@pytest.mark.parametrize(
    "uid", ["1.2.840.10008.5.1.4.38.1", "1.2.840.10008.5.1.4.39.1", "1.2.840.10008.5.1.4.1.1.88.11"]
)
def test_objects_that_are_no_image_and_have_no_modality_are_ignored(folder, draw, convert, is_exact, uid):
    draw()

    def bare(header, index):
        for name in list(header.dir()):
            delattr(header, name)

    headers = draw(number=9, count=1, change=bare)
    headers[0].SOPClassUID = headers[0].file_meta.MediaStorageSOPClassUID = uid
    headers[0].save_as(folder / "object.dcm", enforce_file_format=True)
    next((folder / "009").iterdir()).unlink()
    assert is_exact(convert(folder))


def test_names_in_a_zip_may_hold_colons(folder, draw, convert, is_exact, tmp_path):
    draw()
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        for file in folder.rglob("*.dcm"):
            archive.write(file, f"2024-03-01T08:15:00/CT: head/{file.name}")
    assert is_exact(convert(tmp_path / "scan.zip"))


def test_a_zip_in_a_zip_says_so(folder, tmp_path, reason):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("a.dcm", "x")
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        archive.write(tmp_path / "inner.zip", "inner.zip")
    assert "holds another zip" in reason(tmp_path / "scan.zip")


@pytest.mark.parametrize("begins", ["zeros", "preamble", "element"])
def test_a_zip_of_zeros_is_refused_without_reading_them(tmp_path, reason, monkeypatch, begins):
    """Zeros are empty elements to pydicom, 134 million in a gigabyte: it took minutes."""
    monkeypatch.setattr(read_limits, "MAX_READS", 1000)
    heads = {"zeros": bytes(132), "preamble": bytes(128) + b"DICM", "element": b"\x08\0\x05\0CS\0\0" + bytes(124)}
    with zipfile.ZipFile(tmp_path / "scan.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("1", heads[begins] + bytes(10 * 2**20))
    with timed() as seconds:
        words = reason(tmp_path / "scan.zip")
    assert words.startswith("no DICOM image" if begins == "zeros" else "damaged DICOM")
    assert seconds() < 2  # of this process; reading them all would take five


@contextmanager
def timed():
    """Give the processor seconds since the block began."""
    begin = time.process_time()
    yield lambda: time.process_time() - begin


def test_of_what_is_no_dicom_in_a_zip_the_beginning_alone_is_unpacked(tmp_path, settings):
    with zipfile.ZipFile(tmp_path / "scan.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.avi", bytes(10**6))
    (unpacked,) = collect_files(tmp_path / "scan.zip", folder=tmp_path, settings=settings())
    assert unpacked.stat().st_size == 132


def test_a_deflated_file_that_would_fill_the_memory_is_damaged(folder, draw, reason, monkeypatch):
    monkeypatch.setattr(streams, "MAX_INFLATED_BYTES", 10**6)
    draw()
    file = sorted(folder.rglob("*.dcm"))[0]
    header = pydicom.dcmread(file)
    header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    header.PixelData = bytes(2 * 10**6)
    header.save_as(file, enforce_file_format=True)
    assert reason(folder).startswith("damaged DICOM: 1 of 12 files")


def test_what_repeats_itself_behind_a_header_is_refused_at_once(folder, draw, reason):
    """Just fewer zeros than a header may have elements, in one file; there may be 20,000 such."""
    draw()
    file = sorted(folder.rglob("*.dcm"))[0]
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"\xe0\x7f\x10\0")] + bytes(8 * 480_000))
    with timed() as seconds:
        assert reason(folder).startswith("damaged DICOM: 1 of 12 files")
    assert seconds() < 0.5


@pytest.mark.parametrize("kind", ["elements", "a sequence", "deflated"])
def test_all_files_of_an_original_share_what_they_may_take(folder, draw, reason, monkeypatch, kind):
    """Elements that rise are no fault of one file; of all files together they are."""
    monkeypatch.setattr(read_limits, "MAX_READS", 10_000)
    monkeypatch.setattr(read_limits, "MAX_READS_PER_FILE", 100)
    rising = b"".join(struct.pack("<HH2sH", 0x0FF1, number, b"LO", 0) for number in range(8000))
    draw()
    for file in folder.rglob("*.dcm"):
        content = file.read_bytes()
        if kind == "deflated":
            header = pydicom.dcmread(file)
            header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
            header.PixelData = bytes(40 * 2**20)
            header.save_as(file, enforce_file_format=True)
            continue
        if kind == "a sequence":
            item = struct.pack("<HHL", 0xFFFE, 0xE000, 4 * len(rising)) + 4 * rising
            rising = (
                struct.pack("<HH2sHL", 0x5200, 0x9229, b"SQ", 0, len(item)) + item if len(rising) == 64_000 else rising
            )
        file.write_bytes(content[: content.index(b"\xe0\x7f\x10\0")] + rising)
    expected = "its files inflate to more" if kind == "deflated" else "its headers hold more than those of a scan"
    assert reason(folder).startswith(expected)


def test_a_large_value_that_is_no_pixels_is_no_header_s(folder, draw, reason):
    draw()
    file = sorted(folder.rglob("*.dcm"))[0]
    content = file.read_bytes()
    value = struct.pack("<HH2sHL", 0x5200, 0x9229, b"SQ", 0, 2**25) + bytes(2**25)
    file.write_bytes(content[: content.index(b"\xe0\x7f\x10\0")] + value)
    with timed() as seconds:
        assert reason(folder).startswith("damaged DICOM: 1 of 12 files")
    assert seconds() < 1


def test_zeros_behind_the_pixels_are_not_read_for_minutes(folder, draw, reason, monkeypatch):
    monkeypatch.setattr(read_limits, "MAX_READS", 1000)
    draw()
    with open(sorted(folder.rglob("*.dcm"))[0], "ab") as stream:
        stream.write(bytes(10**6))
    assert reason(folder) == "pixel data cannot be read: slice 1, ValueError"
