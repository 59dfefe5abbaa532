"""A shared copy holds report and tables of groups, and nothing that names a participant in sheet or originals."""

import base64
import html
import json
import sys
import zipfile
from urllib.parse import quote

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from ichdag.jobs import StudyError

SHEET = """participant_id\tperson_id\tcohort\trole\tbaseline_ct\tage\tsite\tbaseline_series\tnote
sub-0012345\tP17\ttrial\tdevelopment\toriginals/Zwetschke_1951\t63\tWagingsee\tHUBER HEAD\tseen by Drosselmeier
sub-002\tn/a\ttrial\tdevelopment\toriginals/Obermair/baseline.nii.gz\t64\tn/a\tn/a\tn/a
sub-003\tn/a\ttrial\tdevelopment\toriginals/scan.zip\t64\tn/a\t3\tn/a
"""
PAGE = "<p>Baseline scans of 2 participants (trial), AUC 0.81, 63 years; brain, mask, head, original</p>"


@pytest.fixture
def sharing(root, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(root / "workflow"), *sys.path])
    import sharing

    return sharing


@pytest.fixture
def study(tmp_path):
    """A finished study of two participants, one of them a DICOM folder whose header says who it is."""
    folder = tmp_path / "study"
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = CTImageStorage, "1.2.826.5.77", "CT"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Müllerin^Erna", "A-998877", "19510203"
    dataset.InstitutionName, dataset.SeriesDescription = "Spital Oberbuchsiten", "HEAD 5.0"
    dataset.StudyDescription, dataset.ProtocolName, dataset.PatientAge = "Zwettler family", "Prof Quendler", "097Y"
    dataset.StudyTime, dataset.IssuerOfPatientID, dataset.CurrentPatientLocation = "081533.5", "Kantonsamt", "Mozart"
    dataset.AdmissionID, dataset.FillerOrderNumberImagingServiceRequest = "ADM998", "ORD7771"
    dataset.ImageType, dataset.ConvolutionKernel = ["ORIGINAL", "PRIMARY", "AXIAL"], "H31s"
    dataset.private_block(0x0011, "ACME", create=True).add_new(1, "LO", "Rumpelstilz")
    dataset.RequestAttributesSequence = [Dataset()]
    dataset.RequestAttributesSequence[0].RequestedProcedureDescription = "Kaspertal"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    (folder / "originals" / "Zwetschke_1951").mkdir(parents=True)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    (folder / "originals" / "Zwetschke_1951" / "HUBERTINA").mkdir()
    dataset.save_as(folder / "originals" / "Zwetschke_1951" / "HUBERTINA" / "IM0001.dcm", enforce_file_format=True)
    dataset.PatientName, dataset.file_meta.TransferSyntaxUID = "Packerl", DeflatedExplicitVRLittleEndian
    dataset.save_as(folder / "packed.dcm", enforce_file_format=True)
    with zipfile.ZipFile(folder / "originals" / "scan.zip", "w") as archive:
        archive.write(folder / "packed.dcm", "KUNIGUNDE/ST0/1.dcm")
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    image.header["descrip"] = b"Tandler 5.0"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"made for Ehrengruber"))
    (folder / "originals" / "Obermair").mkdir()
    nibabel.save(image, folder / "originals" / "Obermair" / "baseline.nii.gz")
    (folder / "participants.tsv").write_text(SHEET)
    for name, content in {
        "report/report.html": PAGE,
        "evaluation/metrics.tsv": "outcome\tauc\ndeath\t0.81\n",
        "provenance/config.yaml": "participants: participants.tsv\n",
        "provenance/jobs.tsv": "sub-002\n",
        "cohort/sub-002_baseline_ct.nii.gz": "voxels",
        "cohort/participants.tsv": SHEET,
        "ro-crate-metadata.json": "{}",
    }.items():
        (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results" / name).write_text(content)
    return folder


def test_what_shows_no_single_participant_is_copied_and_nothing_else(sharing, study, tmp_path):
    told = sharing.share(study, tmp_path / "copy")
    there = sorted(
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    )
    names = ["evaluation/metrics.tsv", "provenance/config.yaml", "report/report.html", "ro-crate-metadata.json"]
    assert there == names == sorted(told)


@pytest.mark.parametrize(
    "value, place",
    [
        ("sub-0012345", "row 2, column participant_id"),
        ("sub-002", "row 3, column participant_id"),
        ("P17", "row 2, column person_id"),
        ("Zwetschke", "row 2, column baseline_ct"),
        ("DROSSELMEIER", "row 2, column note"),
        ("Müllerin", "row 2, column baseline_ct"),
        ("Erna", "row 2, column baseline_ct"),
        ("A-998877", "row 2, column baseline_ct"),
        ("19510203", "row 2, column baseline_ct"),
        ("Oberbuchsiten", "row 2, column baseline_ct"),
        ("1.2.826.5.77", "row 2, column baseline_ct"),
        ("IM0001", "row 2, column baseline_ct"),
        ("Wagingsee", "row 2, column site"),
        ("Huber", "row 2, column baseline_series"),
        *((word, "row 2, column baseline_ct") for word in ("Hubertina", "Zwettler", "Quendler", "097Y", "081533")),
        *((word, "row 2, column baseline_ct") for word in ("Kantonsamt", "Mozart", "ADM998", "ORD7771")),
        *((word, "row 2, column baseline_ct") for word in ("Rumpelstilz", "Kaspertal")),
        *((word, "row 3, column baseline_ct") for word in ("Obermair", "Tandler", "Ehrengruber")),
        *((word, "row 4, column baseline_ct") for word in ("Kunigunde", "Packerl")),
    ],
)
def test_a_file_that_names_somebody_stops_the_copy_and_the_name_is_not_said(sharing, study, tmp_path, value, place):
    for path, text in (
        (study / "results/report/report.html", PAGE + html.escape(value).encode("ascii", "xmlcharrefreplace").decode()),
        (study / "results/ro-crate-metadata.json", json.dumps({"name": f"study of {value}."})),
    ):
        before = path.read_text()
        path.write_text(text)
        with pytest.raises(StudyError, match=f"{path.name} has what stands in {place}") as error:
            sharing.share(study, tmp_path / "copy")
        assert value.lower() not in str(error.value).lower() and not (tmp_path / "copy").exists()
        path.write_text(before)


def test_pictures_within_a_page_are_not_read_as_words(sharing, study, tmp_path):
    page = study / "results/report/report.html"
    page.write_text(PAGE + '<img src="data:image/png;base64,AA/Erna+P17/zz==">')
    assert "report/report.html" in sharing.share(study, tmp_path / "copy")


@pytest.mark.parametrize("as_base64", [True, False])
def test_drawings_within_a_page_are_read(sharing, study, tmp_path, as_base64):
    drawing = "<svg><text>Frau M&#252;llerin</text></svg>"
    coded = f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    page = study / "results/report/report.html"
    page.write_text(f'{PAGE}<img src="{coded if as_base64 else "data:image/svg+xml," + quote(drawing)}">')
    with pytest.raises(StudyError, match="report.html has what stands in row 2, column baseline_ct"):
        sharing.share(study, tmp_path / "copy")


@pytest.mark.parametrize(
    "text",
    [
        "brain, axial, original, head 5.0, kernel H31s, 0.081533, 12.081533, 1.5 mm, 99, S 5.0",
        '"contentSize": "81533"',
        'id="ma081533b1"',
        "Huberts",
    ],
)
def test_words_of_the_trade_and_parts_of_numbers_are_no_names(sharing, study, tmp_path, text):
    page = study / "results/report/report.html"
    page.write_text(PAGE + text)
    assert "report/report.html" in sharing.share(study, tmp_path / "copy")


def test_an_original_that_is_away_cannot_be_searched_and_nothing_is_copied(sharing, study, tmp_path):
    (study / "originals/Obermair/baseline.nii.gz").unlink()
    with pytest.raises(StudyError, match="row 3, column baseline_ct: its original cannot be searched") as error:
        sharing.share(study, tmp_path / "copy")
    assert "Obermair" not in str(error.value) and not (tmp_path / "copy").exists()


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut", b"\x1f\x8b damaged", bytes(128) + b"DICM" + b"Erna\xff" * 99])
def test_an_original_that_is_damaged_says_what_of_it_can_be_read(sharing, study, tmp_path, content):
    (study / "originals/Obermair/baseline.nii.gz").write_bytes(content)
    assert "report/report.html" in sharing.share(study, tmp_path / "copy")


def test_a_study_that_is_not_finished_and_a_folder_that_is_there_are_refused(sharing, study, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a").touch()
    with pytest.raises(StudyError, match="is there already"):
        sharing.share(study, tmp_path / "copy")
    (study / "results" / "ro-crate-metadata.json").unlink()
    with pytest.raises(StudyError, match="run the study to its end first"):
        sharing.share(study, tmp_path / "other")
