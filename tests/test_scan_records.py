"""Records of scans are written with all their keys in order, and refused where they are not whole."""

import json

import pytest

from ichdag.file_errors import DamagedResult
from ichdag.records import read_record_as, to_record, write_record
from ichdag.scan_records import ConversionRecord, ScanRecord

KEYS = ["status", "stage", "reason", "kind", "spacing_mm", "manual_volume_ml", "digest", "mask_digest", "facts"]
KEYS += ["series", "absent"]


@pytest.fixture
def path(tmp_path, converted_scan):
    """The record of a participant after conversion."""
    facts = {"numbers_per_slice": 2, "slice_thickness_mm": float("nan")}
    write_record(ConversionRecord("S1", converted_scan(facts=facts), converted_scan(kind="dicom")), tmp_path / "a.json")
    return tmp_path / "a.json"


def test_a_record_is_written_in_the_order_of_its_fields_and_read_as_it_was(path):
    stored = json.loads(path.read_text("utf-8"))
    assert list(stored) == ["subject", "baseline", "followup"] and list(stored["baseline"]) == KEYS
    record = read_record_as(ConversionRecord, path, subject="S1")
    assert record.baseline.facts == {"numbers_per_slice": 2, "slice_thickness_mm": None}
    assert record.scans["followup"].kind == "dicom" and to_record(record) == stored


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda scan: scan.pop("absent"), "it lacks absent"),
        (lambda scan: scan.update(volume=3), "volume is unknown"),
        (lambda scan: scan.update(status="done"), "status is 'done'"),
        (lambda scan: scan.update(manual_volume_ml="3 mL"), "manual_volume_ml is '3 mL'"),
        (lambda scan: scan.update(facts=None), "facts is None"),
    ],
)
def test_a_record_that_breaks_its_schema_is_named(path, change, words):
    stored = json.loads(path.read_text("utf-8"))
    change(stored["followup"])
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(DamagedResult, match=rf"a\.json cannot be read.*{words}"):
        read_record_as(ConversionRecord, path, subject="S1")


def test_a_record_of_the_conversion_is_none_of_the_checked_scans(path):
    with pytest.raises(DamagedResult, match="it lacks checks; it lacks warnings"):
        read_record_as(ScanRecord, path, subject="S1")


def test_a_value_of_a_wrong_type_is_not_written(tmp_path, converted_scan):
    with pytest.raises(ValueError, match="reason is 3"):
        write_record(ConversionRecord("S1", converted_scan(reason=3), converted_scan()), tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()
