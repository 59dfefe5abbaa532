"""What is told of a scan, and what never is."""

import json
import logging
from datetime import datetime

from ichdag.conversion.dicom import decoding
from ichdag.conversion.dicom.headers import read_headers

SECRETS = ("DOE", "JANE", "19500101", "1950", "A77", "ELSEWHERE", "WHO", "2024", "0815", "1.2.826.1")


def test_nothing_that_identifies_leaves_the_headers(folder, draw, convert, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    draw(description="DOE JANE brain 1.3.1950")
    draw(number=3, description="Jane Doe topogram", count=2, axes="coronal", kernel="JANE")
    done = convert(folder)
    printed = json.dumps([done.facts, done.series]) + repr(done) + caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in printed.upper()]
    assert [record["words"] for record in done.series] == [["brain"], ["topogram"]]
    assert [record["kernel"] for record in done.series] == ["H31s", None]


def test_header_values_that_are_wrong_are_not_quoted(folder, draw, reason, caplog, capfd, recwarn):
    draw()
    for file in folder.rglob("*.dcm"):
        content = file.read_bytes()
        assert b"6.0\\6.0 " in content and b"9.0 " in content
        content = content.replace(b"6.0\\6.0 ", b"JANE\\DOE").replace(b"9.0 ", b"JANE")  # in tags that hold numbers
        content = content.replace(b"1.2.826.1\0", b"JANE^DOE1\0")  # StudyInstanceUID
        file.write_bytes(content)
    assert "no geometry" in reason(folder)
    printed = caplog.text + "".join(capfd.readouterr()) + "".join(str(warning.message) for warning in recwarn)
    assert "DOE" not in printed and "JANE" not in printed


def test_what_tells_patients_apart_is_dropped_at_the_door(folder, draw):
    draw()
    slices, _ = read_headers(sorted(folder.rglob("*.dcm")))
    assert len(slices) == 12
    for plane in slices:
        assert not [name for name in plane.header.dir() if name.startswith(("Patient", "Accession", "Institution"))]


def test_what_dcm2niix_is_handed_names_nobody(folder, draw, convert, monkeypatch):
    handed = []

    def watched(stack, clean):
        write(stack, clean)
        handed.extend(file.read_bytes() for file in clean.iterdir())

    write = decoding.write_deidentified
    monkeypatch.setattr(decoding, "write_deidentified", watched)
    draw()
    convert(folder)
    assert len(handed) == 12
    assert not [secret for secret in SECRETS for content in handed if secret.encode() in content[:1500].upper()]


def test_the_moment_of_acquisition_is_given_apart_from_the_facts(folder, draw, convert):
    draw(change=lambda header, index: setattr(header, "AcquisitionTime", f"0815{59 - index:02d}.25"))
    done = convert(folder)
    assert done.acquisition_times["Acquisition"] == datetime(2024, 3, 1, 8, 15, 53)
    assert not any(isinstance(value, datetime) for value in done.facts.values())


def test_a_scan_without_a_clock_has_no_moment(folder, draw, convert):
    def timeless(header, index):
        for name in ("AcquisitionDate", "AcquisitionTime", "StudyDate", "StudyTime"):
            delattr(header, name)

    draw(change=timeless)
    assert convert(folder).acquisition_times == {}


def test_facts_and_series_can_be_written_as_json_and_say_how_it_was_made(folder, draw, convert):
    draw(number=201)
    done = convert(folder)
    assert json.loads(json.dumps(done.facts)) == done.facts and json.loads(json.dumps(done.series)) == done.series
    wanted = {"manufacturer": "siemens", "kernel": "H31s", "character": "soft tissue", "kvp": 120, "lossy": False}
    assert wanted.items() <= done.facts.items()
    assert [record["number"] for record in done.series] == [201]


def test_nothing_is_left_in_the_working_folder_and_the_source_is_untouched(folder, draw, convert, tmp_path):
    draw()
    before = {file: file.read_bytes() for file in folder.rglob("*.dcm")}
    convert(folder)
    assert not list((tmp_path / "work").iterdir())
    assert {file: file.read_bytes() for file in folder.rglob("*.dcm")} == before


def test_the_same_files_give_the_same_volume(folder, draw, convert):
    draw(tilt=12.0)
    first, second = convert(folder), convert(folder)
    assert first.volume.values.tobytes() == second.volume.values.tobytes() and first.facts == second.facts
