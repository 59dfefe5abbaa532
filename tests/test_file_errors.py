"""A result that is not whole is named with its cure; what the machine could not read is no fault of a result."""

import errno
import gzip
import json
import os
import zlib
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import pytest
import torch

from ichdag.arrays import link_stores, read_arrays, read_item, read_store, write_arrays, write_store
from ichdag.cohort.schemas import FLOW
from ichdag.features.reducer import Reducer
from ichdag.features.schemas import REDUCED
from ichdag.file_errors import DamagedResult, MachineFault, damaged_result_on_error, find_machine_fault
from ichdag.images import Volume, is_absent, read_mask, read_scan, write_absent, write_image
from ichdag.jobs import StudyError, write_text
from ichdag.models import ModelCard, check_companions, read_card, read_identity, read_weights, write_card, write_weights
from ichdag.pipelines import read_pipeline, write_pipeline
from ichdag.records import read_record, write_record
from ichdag.report.page import read_figures
from ichdag.tables import read_table, write_table

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.random((12, 12, 12)).astype(np.float32)
FLOWS = pd.DataFrame({"cohort": ["a", "b"], "role": "external", "step": "enrolled", "outcome": None, "reason": None,
                      "n": [3, 4]})  # fmt: skip
BLOCK = pd.DataFrame({"subject": [f"S{place}" for place in range(500)]} | {"vaegan_000": RANDOM.random(500)})


def scan(path):
    write_image(Volume(np.rint(1000 * NUMBERS), np.diag([2.0, 2.0, 5.0, 1.0])), path)


def mask(path):
    write_image(Volume(NUMBERS > 0.5, np.eye(4)), path)


def link(path):
    write_store(path.with_name("batch.h5"), [("A/vaegan", NUMBERS)])
    link_stores(path, [path.with_name("batch.h5")])


def pipeline(path):
    write_pipeline(Reducer(rank=2, init="nndsvd", max_iter=20, tolerance=1e-4, random_state=0).fit(NUMBERS[0]), path)


def weights(path):
    write_weights({"a": torch.from_numpy(NUMBERS)}, path, identity={})


def plates(path):
    return read_figures({"auc": path}, captions={})


KINDS = {
    "sub-1_baseline_ct.nii.gz": (scan, read_scan),
    "sub-1_desc-manual_mask.nii.gz": (mask, read_mask),
    "sub-1_absent_mask.nii.gz": (write_absent, is_absent),
    "sub-1_grids.npz": (lambda path: write_arrays(path, baseline_fine=NUMBERS), read_arrays),
    "batch.h5": (lambda path: write_store(path, [("A/patch", NUMBERS)]), lambda path: list(read_store(path))),
    "item.h5": (lambda path: write_store(path, [("A/patch", NUMBERS)]), lambda path: read_item(path, "A/patch")),
    "linked.h5": (link, lambda path: read_item(path, "A/vaegan")),
    "sub-1_scores.json": (lambda path: write_record({"subject": "1", "n": 3}, path), read_record),
    "card.json": (lambda path: write_card(ModelCard("a", {"b": 1}, ["c"]), path), read_card),
    "flow.tsv": (lambda path: write_table(FLOWS, path, FLOW), lambda path: read_table(path, FLOW)),
    "reduced.parquet": (lambda path: write_table(BLOCK, path, REDUCED), lambda path: read_table(path, REDUCED)),
    "weights.safetensors": (
        lambda path: write_weights({"a": torch.from_numpy(NUMBERS)}, path, identity={}),
        read_weights,
    ),
    "pipeline.skops": (pipeline, read_pipeline),
    "auc.svg": (
        lambda path: write_text(f"<svg>{0:99}</svg>\n", path),
        lambda path: read_figures({"auc": path}, captions={}),
    ),
}
CHECKED = ["sub-1_baseline_ct.nii.gz", "sub-1_desc-manual_mask.nii.gz", "sub-1_grids.npz", "batch.h5", "item.h5"]
CHECKED += ["reduced.parquet", "pipeline.skops"]


@pytest.fixture
def result(tmp_path):
    """Write a result of one kind in a study: its path, and its reader."""

    def write(name):
        path = tmp_path / "results" / name
        KINDS[name][0](path)
        KINDS[name][1](path)
        return path, KINDS[name][1]

    return write


def cut(size):
    return lambda content: content[: int(len(content) * size)]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    "damage",
    [cut(0), cut(0.5), lambda content: content[:-3], lambda content: np.random.default_rng(1).bytes(len(content))],
    ids=["to zero", "to half", "by three bytes", "by other bytes"],
)
def test_a_result_that_is_not_whole_is_named_with_its_cure(result, name, damage):
    path, read = result(name)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedResult) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path} cannot be read: it was cut short or altered (")
    assert str(caught.value).endswith("Delete it and run again: it will be made anew")


@pytest.mark.parametrize("name", CHECKED)
def test_a_flipped_bit_in_the_numbers_is_noticed_where_the_format_has_a_checksum(result, name):
    path, read = result(name)
    content = bytearray(path.read_bytes())
    expected, noticed = read(path), 0
    places = range(len(content) // 4, len(content) * 3 // 4, max(1, len(content) // 40))
    for place in places:
        content[place] ^= 1
        path.write_bytes(content)
        try:
            assert same(read(path), expected), place
        except DamagedResult as error:
            assert str(path) in str(error)
            noticed += 1
        content[place] ^= 1
    assert noticed > 0


def same(one, other):
    """Whether two results of one reader are the same."""
    if isinstance(one, Volume):
        return same(one.values, other.values) and same(one.affine, other.affine)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Reducer):
        return same(one.components_, other.components_)
    return one.equals(other) if isinstance(one, pd.DataFrame) else np.array_equal(one, other)


@pytest.mark.parametrize("name", KINDS)
def test_a_result_that_is_away_is_no_damaged_one_and_is_named(result, name):
    path, read = result(name)
    path.unlink()
    with pytest.raises(OSError, match=path.name):
        read(path)


@pytest.mark.parametrize("name", KINDS)
def test_a_disk_that_cannot_read_a_result_is_told_from_a_damaged_result(result, name):
    """/proc/self/mem opens, and every read of its beginning is an input/output error."""
    path, read = result(name)
    path.unlink()
    path.symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match=r"(?s)Errno 5|Input/output error") as caught:
        read(path)
    assert name == "auc.svg" or str(path) in str(caught.value)


def test_the_batch_that_a_gathered_store_leads_to_is_the_one_that_is_named(result):
    path, read = result("linked.h5")
    batch = path.with_name("batch.h5")
    content = batch.read_bytes()
    batch.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedResult, match=r"/batch\.h5 cannot be read"):
        read(path)
    write_store(batch, [("B/vaegan", NUMBERS)])
    with pytest.raises(DamagedResult, match=r"/batch\.h5 cannot be read.*it lacks /A, which .*linked\.h5 links to"):
        read(path)
    batch.unlink()
    with pytest.raises(FileNotFoundError, match=r"batch\.h5"):
        read(path)


@pytest.mark.parametrize("name", ["sub-1_grids.npz", "sub-1_scores.json"])
def test_asking_a_result_for_what_it_lacks_names_it(result, name):
    path, read = result(name)
    with pytest.raises(DamagedResult, match=rf"{path.name} cannot be read.*it lacks followup_fine"):
        read(path)["followup_fine"]
    assert read(path).get("followup_fine") is None and "followup_fine" not in read(path)


def test_a_record_within_a_record_names_the_file_too_and_copies_are_plain(tmp_path):
    write_record({"baseline": {"status": "included"}}, tmp_path / "a.json")
    record = read_record(tmp_path / "a.json")
    with pytest.raises(DamagedResult, match=r"a\.json cannot be read.*it lacks absent"):
        record["baseline"]["absent"]
    assert json.dumps(record) == '{"baseline": {"status": "included"}}'
    write_card(ModelCard("a", record, []), tmp_path / "card.json")
    assert read_card(tmp_path / "card.json").settings == record


def test_a_table_that_breaks_its_schema_is_named(tmp_path):
    write_table(FLOWS, tmp_path / "flow.tsv", FLOW)
    text = (tmp_path / "flow.tsv").read_text()
    (tmp_path / "flow.tsv").write_text(text.replace("\t3\n", "\tthree\n"))
    with pytest.raises(DamagedResult, match=r"(?s)flow\.tsv cannot be read.*'three' is not a number"):
        read_table(tmp_path / "flow.tsv", FLOW)


def test_a_damaged_ledger_is_to_be_restored_and_not_deleted(tmp_path):
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/training.tsv").write_text("subject\tfo")
    with pytest.raises(DamagedResult) as caught:
        read_table(tmp_path / "ledger/training.tsv", "training")
    assert "Restore it from a backup" in str(caught.value) and "Delete" not in str(caught.value)


@pytest.mark.parametrize(
    "number", ["ENOSPC", "EIO", "ESTALE", "EACCES", "ENOENT", "EDQUOT", "ENOMEM", "EPIPE", "EROFS"]
)
def test_errors_of_the_system_are_of_the_machine_however_deep_a_library_hid_them(number):
    fault = OSError(getattr(errno, number), "words of the system")
    assert find_machine_fault(fault) is fault
    try:
        try:
            raise fault
        except OSError:
            raise ValueError("not a DICOM file") from None
    except ValueError as hidden:
        assert find_machine_fault(hidden) is fault


@pytest.mark.parametrize(
    "error", [MemoryError(), BrokenPipeError(), MachineFault("killed"), FileNotFoundError("no access: 'a'"),
              RuntimeError("Failed to allocate memory for image."), OSError("file read failed: time = 1, errno = 5, x"),
              RuntimeError("CUDA out of memory")],
)  # fmt: skip
def test_want_of_memory_and_lost_files_are_of_the_machine(error):
    assert find_machine_fault(error) is error


@pytest.mark.parametrize(
    "error", [gzip.BadGzipFile("CRC check failed"), EOFError("ended before the end-of-stream"), zlib.error("invalid"),
              BadZipFile("not a zip file"), OSError("Expected 8 bytes, got 4"), OSError(errno.EINVAL, "x"),
              ValueError("x"), RuntimeError("NRRD: trouble"), StudyError("x"), KeyError("x")],
)  # fmt: skip
def test_what_libraries_say_of_damaged_content_is_of_no_machine(error):
    assert find_machine_fault(error) is None


def test_a_library_that_keeps_silent_about_the_disk_is_not_believed(tmp_path):
    (tmp_path / "a.json").symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match=rf"{tmp_path}/a\.json: .*Errno 5"), damaged_result_on_error(tmp_path / "a.json"):
        raise ValueError("this is no JSON")


def test_want_of_memory_while_a_result_is_read_names_the_result(tmp_path):
    with pytest.raises(MachineFault, match=r"a\.npz: MemoryError$"), damaged_result_on_error(tmp_path / "a.npz"):
        raise MemoryError


def test_a_missing_package_is_no_damaged_result(tmp_path):
    with pytest.raises(ImportError), damaged_result_on_error(os.devnull):
        raise ImportError("h5py")


def told(header):
    """A weights file of one number that says this of itself."""
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    text = json.dumps({"__metadata__": header, "a": tensor}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(4)


@pytest.mark.parametrize("read", [read_weights, read_identity, check_companions])
@pytest.mark.parametrize(
    "header",
    [
        {},
        {"ichdag": "{}"},
        {"ichdag": "[]"},
        {"ichdag": "[" * 100_000},
        {"ichdag": '{"identity": {}, "sha256": "x"}'},
        {"ichdag": '{"identity": [], "sha256": "x", "beside": {}}'},
        {"ichdag": '{"identity": {}, "sha256": 1, "beside": {}}'},
        {"ichdag": '{"identity": {}, "sha256": "x", "beside": {"../../etc/passwd": "x"}}'},
    ],
)
def test_weights_that_do_not_say_what_they_are_are_named_with_the_cure(tmp_path, read, header):
    path = tmp_path / "network.safetensors"
    path.write_bytes(told(header))
    with pytest.raises(DamagedResult, match="network.safetensors cannot be read.*no weights.*Delete it and run again"):
        read(path)


@pytest.mark.parametrize(
    "record, wrong",
    [
        ({"name": 1, "settings": {}, "subjects": []}, "name is of another kind"),
        ({"name": "x", "settings": [], "subjects": {}}, "settings, subjects is of another kind"),
        ({"name": "x", "settings": None, "subjects": []}, "settings is of another kind"),
        ({"name": "x", "settings": {}, "subjects": [], "limits": []}, "limits is of another kind"),
        ({"name": "x", "settings": {}}, "it lacks subjects"),
        ({"name": "x", "settings": {}, "subjects": [], "more": 1}, "unexpected keyword argument 'more'"),
    ],
)
def test_a_card_whose_parts_are_of_another_kind_is_named_with_the_cure(tmp_path, record, wrong):
    (tmp_path / "card.json").write_text(json.dumps(record))
    with pytest.raises(DamagedResult, match=rf"card.json cannot be read.*{wrong}.*Delete it and run again"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize(
    ("file", "cure"),
    [
        ("ledger/segmentation/cleanup.json", "Delete it and run again: it will be made anew"),
        ("ledger/segmentation/dual_0/card.json", "delete the folder and results/segmentation/networks.json"),
        ("ledger/latent/vaegan/weights.safetensors", "delete the folder and results/latent/development.tsv"),
        ("/srv/ledger/study/results/cohort/sub-1_scans.json", "Delete it and run again: it will be made anew"),
    ],
)
def test_the_cure_names_no_more_than_what_is_damaged(file, cure):
    told = str(DamagedResult(file, "cut"))
    assert cure in told and ("folder" in told) == ("folder" in cure)
