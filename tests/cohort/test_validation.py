"""A study with faults stops before the first job, with all of them in one table."""

import copy
import errno
import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from snakemake.io import PeriodicityDetector

from ichdag.cohort.sheet import column_schema, known_columns, parse_sheet, read_sheet, sheet_schema
from ichdag.cohort.validation import (
    Fault,
    config_faults,
    format_faults,
    raise_faults,
    require_valid_settings,
    sheet_faults,
    summarize_study,
)
from ichdag.cohort.validation.file_faults import _problem
from ichdag.cohort.validation.renamed_settings import RENAMED
from ichdag.jobs import StudyError

CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"
HEADER = ["participant_id", "cohort", "role", "baseline_ct", "age", "sex", "mrs"]


@pytest.fixture
def config():
    return yaml.safe_load(CONFIG.read_text()) | {"outcomes": {"poor_outcome": "mrs > 3"}, "folds": 2}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cohort.dicom.smallest_slices", "conversion.dicom.min_slices"),
        ("cohort.masks_on_other_grids", "conversion.masks_on_other_grids"),
        ("segmentation.cleanup.smallest_components_ml", "segmentation.cleanup.min_components_ml"),
        ("evaluation.smallest_probability", "evaluation.min_probability"),
    ],
)
def test_a_setting_by_its_old_name_is_refused_with_the_new_one(config, old, new):
    changed = copy.deepcopy(config)
    *sections, key = old.split(".")
    section = changed
    for name in sections:
        section = section.setdefault(name, {})
    section[key] = 1
    faults = {fault.where: fault for fault in config_faults(changed)}
    assert f"now called {new}" in faults[f"config {old}"].finding
    assert not any("Additional properties" in fault.finding for fault in faults.values())


def test_every_setting_with_a_new_name_is_a_setting(config):
    for new in RENAMED.values():
        value = config
        for name in new.split("."):
            value = value[name]


@pytest.fixture
def sheet(tmp_path):
    """Write a good sheet of six participants with changed cells and added columns, and read it."""

    def write(changes=(), header=HEADER, name="participants.tsv", **added):
        rows = [[f"sub-{i}", "trial", "development", f"scan{i}.nii.gz", "60", "F", str(i)] for i in range(6)]
        for row, column, text in changes:
            rows[row][HEADER.index(column)] = text
        for i in range(6):
            (tmp_path / f"scan{i}.nii.gz").touch()
        table = [[*header, *added], *([*row, *(cells[i] for cells in added.values())] for i, row in enumerate(rows))]
        path = tmp_path / name
        if path.suffix == ".xlsx":
            book = Workbook()
            for row in table:
                book.active.append(row)
            book.save(path)
        else:
            path.write_text("\n".join("\t".join(row) for row in table) + "\n")
        return read_sheet(path)

    return write


@pytest.fixture
def found(sheet, config):
    """The faults of a sheet with changed cells and added columns, as text."""

    def faults(*changes, **added):
        return texts(sheet_faults(sheet(changes, **added), config))

    return faults


def texts(faults):
    return "\n".join(map(str, faults))


def test_the_shipped_settings_have_no_fault():
    assert config_faults(yaml.safe_load(CONFIG.read_text())) == []


def test_a_misspelt_key_is_named_with_the_keys_there_are(config):
    config["preprocessing"]["feild_of_view_mm"] = config["preprocessing"].pop("field_of_view_mm")
    found = texts(config_faults(config))
    assert "config preprocessing" in found and "'feild_of_view_mm'" in found and "field_of_view_mm" in found


def test_wrong_types_and_values_are_all_listed(config):
    config["folds"] = "five"
    config["cohort"]["min_lesion_ml"] = -1
    config["outcomes"]["bad"] = "import os"
    config["outcomes"]["empty"] = "1 > 0"
    found = texts(config_faults(config))
    assert "config folds: 'five' is not of type 'integer'" in found
    assert "config cohort.min_lesion_ml: -1 is less than the minimum of 0" in found
    assert "config outcomes.bad" in found and "'1 > 0' reads no column" in found


def test_sections_of_a_wrong_type_are_faults_and_do_not_end_the_check(config):
    found = texts(config_faults(config | {"outcomes": ["mrs > 3"], "explanation": None, "cohort": 1}))
    assert "config outcomes" in found and "config explanation" in found and "config cohort" in found


def test_an_outcome_to_explain_must_be_one_of_the_study(config):
    config["explanation"]["outcomes"] = ["death"]
    assert "there is no outcome 'death'" in texts(config_faults(config))


def test_faults_of_settings_and_sheet_come_in_one_table(sheet, config, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # wide enough for a line a fault
    path = sheet([(0, "sex", "female")]).path
    with pytest.raises(StudyError, match="2 faults") as error:
        require_valid_settings(config | {"participants": str(path), "seed": -1})
    assert "config seed" in str(error.value) and "column sex" in str(error.value)


def test_settings_that_the_sheet_is_judged_by_may_be_faulty_too(sheet, config):
    path = str(sheet().path)
    broken = config | {"participants": path, "folds": "five", "outcomes": {"a": "mrs >"}, "cohort": None}
    with pytest.raises(StudyError, match="4 faults"):
        require_valid_settings(broken)


def test_a_good_sheet_has_no_fault(sheet, config):
    assert sheet_faults(sheet(), config) == []


def test_missing_columns_are_named(sheet, config):
    found = texts(sheet_faults(sheet(header=["id", *HEADER[1:]]), config))
    assert "missing columns participant_id" in found and "header" in found


def test_every_fault_of_the_sheet_is_listed_with_row_and_column(found):
    changes = [
        (0, "age", "old"),
        (1, "sex", "female"),
        (2, "baseline_ct", "gone.nii.gz"),
        (3, "participant_id", "sub-1"),
    ]
    text = found(*changes, (4, "role", "training"), (5, "mrs", "7"))
    for place in (
        "row 2, column age: 'old' is not a number. Write a number (years) or n/a",
        "row 3, column sex: 'female' is not one of F, M. Write F",
        "row 4, column baseline_ct: no file",
        "rows 3, 5, column participant_id: 'sub-1' is there 2 times",
        "row 6, column role: 'training' is not one of development, external, prediction. Write development",
        "row 7, column mrs: '7' is not one of",
    ):
        assert place in text, place


def test_a_header_that_names_a_column_twice_is_a_fault(sheet, config):
    assert "column 'age' is there 2 times" in texts(sheet_faults(sheet(header=[*HEADER[:5], "age", "mrs"]), config))


def test_a_known_column_in_another_spelling_is_a_fault(sheet, config):
    found = texts(sheet_faults(sheet(header=[*HEADER[:4], "Age", "SEX", "mrs"]), config))
    assert "'Age' is not spelled as 'age'" in found and "'SEX' is not spelled as 'sex'" in found


def test_a_column_named_as_a_result_is_a_fault(found):
    text = found(status=["x"] * 6, poor_outcome=["1"] * 6)
    assert "'status' has the name of a result" in text and "'poor_outcome' has the name of a result" in text


def test_cells_under_no_name_are_a_fault(found):
    assert "'stray' where the header names no column" in found(**{"": ["stray", *[""] * 5]})


@pytest.mark.parametrize("name, cure", [("sub_01", "sub-01"), ("01", "sub-01"), ("sub-a_b-1", "sub-ab1")])
def test_an_id_that_is_not_sub_and_letters_is_a_fault_with_its_cure(found, name, cure):
    assert f"row 2, column participant_id: '{name}' is not sub- and letters or digits. Write {cure}" in found(
        (0, "participant_id", name)
    )


def test_an_id_too_long_for_a_file_or_of_one_part_repeated_is_a_fault(found):
    assert "has more than 64 letters or digits" in found((0, "participant_id", f"sub-{'ab1' * 100}"))
    for repeated in ("a" * 20, "x01" * 20, "1" + "12" * 20):
        text = found((0, "participant_id", f"sub-{repeated}"))
        assert f"row 2, column participant_id: 'sub-{repeated}' ends in the same characters 20 times" in text
    assert found((0, "participant_id", "sub-" + "a" * 19), (1, "participant_id", f"sub-{'abcd' * 16}")) == ""


def test_snakemake_refuses_the_repeated_ids_that_are_refused_here_and_no_others():
    for name in ("a" * 20, "a" * 19, "x01" * 20, "x01" * 19, "0" * 20 + "1", "12" * 20, "abcd" * 16, "b" + "0" * 63):
        refused = PeriodicityDetector().is_periodic(name) is not None
        assert bool(re.search(column_schema("participant_id")["pattern"], f"sub-{name}")) != refused, name


@pytest.mark.parametrize("name", ["a" * 65, "a" * 20, "ab" * 20, "all", "Dead", "../x"])
def test_an_outcome_whose_name_cannot_be_a_file_is_a_fault(config, name):
    config["outcomes"][name] = "mrs > 4"
    assert f"config outcomes: '{name}'" in texts(config_faults(config))


BRACKETS = ["x{1}.nii.gz", "{subject}/a.nii.gz", "x{a,[0-9]{2}}.nii", "a{.nii"]


@pytest.mark.parametrize("path", BRACKETS)
def test_curly_brackets_in_a_path_are_no_fault_but_where_snakemake_is_told_of_it(found, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    for place in (Path(path), Path("phantom", path)):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    assert "curly" not in found((3, "baseline_ct", path))
    assert _problem("baseline_ct", path) is None
    assert (
        _problem("baseline_ct", f"phantom/{path}")[0] == "curly brackets, which Snakemake fills in below phantom/, in"
    )


def test_a_path_too_long_for_a_file_is_named_so(found):
    assert "row 2, column baseline_ct: a name too long for a file" in found((0, "baseline_ct", "a" * 300 + ".nii"))


def test_ids_that_differ_by_case_alone_are_a_fault(found):
    text = found((0, "participant_id", "sub-A"), (3, "participant_id", "sub-a"))
    assert "rows 2, 5" in text and "differ only by case" in text


def test_a_participant_without_id_cohort_or_role_is_a_fault(found):
    text = found((0, "participant_id", ""), (1, "cohort", "n/a"), (2, "role", " "))
    assert "row 2, column participant_id: is missing" in text and "row 3, column cohort: is missing" in text
    assert "row 4, column role: is missing. Write development, external, prediction" in text


@pytest.mark.parametrize("word", ["NA", "N/A", "NaN", "null", "-", "unknown", "?"])
def test_other_words_for_missing_are_a_fault_in_known_columns(found, word):
    text = found((0, "age", word), (1, "sex", word), (2, "baseline_ct", word))
    for place in ("row 2, column age", "row 3, column sex", "row 4, column baseline_ct"):
        assert f"{place}: '{word}' stands for a missing value. Write n/a" in text


def test_a_decimal_comma_is_a_fault_and_no_guess(found):
    assert "column age: '63,5' has a decimal comma. Write 63.5" in found((0, "age", "63,5"))


def test_a_decimal_comma_in_a_csv_of_semicolons_is_a_fault_too(sheet, config, tmp_path):
    text = sheet([(0, "age", "63,5")]).path.read_text().replace("\t", ";")
    (tmp_path / "german.csv").write_text(text)
    assert "'63,5' has a decimal comma" in texts(sheet_faults(read_sheet(tmp_path / "german.csv"), config))


def test_a_unit_in_a_number_column_is_a_fault(found):
    assert "'63 years' is not a number. Write 63" in found((0, "age", "63 years"))


@pytest.mark.parametrize("text", ["inf", "1_000", "1e", "0x10", "６３"])
def test_what_only_a_program_takes_for_a_number_is_a_fault(found, text):
    assert f"'{text}' is not a number" in found((0, "age", text))


def test_numbers_out_of_range_are_a_fault(found):
    text = found((0, "age", "-1"), (1, "age", "131"), followup_hours=["0", *["24"] * 5])
    assert "'-1' is less than 0" in text and "'131' is more than 130" in text and "'0' is not more than 0" in text


def test_further_columns_of_numbers_may_not_hold_words_for_missing_or_decimal_commas(found):
    text = found(glucose=["6.1", "NA", "7", "8", "n/a", "9"], lactate=["1,5", "2,0", "n/a", "1", "3", "2"])
    assert "row 3, column glucose: 'NA' stands for a missing value" in text
    assert "rows 2-3, column lactate: '1,5', '2,0' has a decimal comma" in text


def test_further_columns_of_text_are_kept_as_they_are(found):
    assert found(remark=["well, 2,5 cm", "NA", "-", "7", "n/a", "?"]) == ""


def test_a_quotation_mark_that_is_not_closed_is_named(found):
    text = found(site=["a", '"b', "c", "d", "e", "f"])
    assert "row 3, column site" in text and "has a line break" in text and "close the quotation mark" in text


def test_ids_that_excel_made_numbers_are_a_fault(found):
    text = found((0, "participant_id", 1), name="numbers.xlsx")
    assert "row 2, column participant_id: '1' is a number" in text and "leading zeros" in text


def test_dates_that_excel_made_of_numbers_are_a_fault(found):
    text = found((0, "age", datetime(2024, 3, 1)), (1, "cohort", datetime(2024, 3, 1)), name="dates.xlsx")
    assert "row 2, column age" in text and "row 3, column cohort" in text and "is a date" in text


def test_errors_of_excel_formulas_are_a_fault(found):
    assert "'#DIV/0!' is an error of a formula" in found((0, "age", "#DIV/0!"), name="errors.xlsx")


def test_formulas_that_were_saved_without_a_value_are_a_fault(found):
    assert "'=30*2' is a formula without its value" in found((0, "age", "=30*2"), name="formulas.xlsx")


def test_a_fraction_is_no_name_of_a_person(found):
    assert "column person_id" in found(person_id=[2.5, *["p"] * 5], name="persons.xlsx")


@pytest.mark.parametrize(
    "one, other",
    [
        *[("P17", "p17"), ("P 17", "P_17"), ("P017", "P17"), ("17.0", "17"), ("ﬁ", "FI")],
        *[("P17", "\u042017"), ("P17", "\u03a117"), ("P17", "P.17"), ("P17", "P 17"), ("P-17", "P17"), ("17 P", "17P")],
        *[("José", "Jose"), ("José", "JOSE\u0301"), ("Søren", "SOREN"), ("Strauß", "Strauss")],
        *[("1E3", "1000"), ("1000", "+1000"), ("1,000", "1e+03"), ("P1\u200b7", "P17"), ("\u0661\u0667", "17")],
    ],
)
def test_names_of_persons_that_a_reader_takes_for_one_are_a_fault(found, one, other):
    text = found(person_id=[one, "n/a", other, "P9", "P19", "P9"])
    assert f"rows 2, 4, column person_id: '{one}', '{other}' may be one person spelled in 2 ways" in text
    assert text.count("may be one person") == 1


def test_names_of_persons_that_differ_are_no_fault(found):
    assert found(person_id=["1-17", "11-7", "117", "P100", "P10", "P1"]) == ""
    assert found(person_id=["1E3", "P1E3", "A-1-7", "A17", "A117", "\u0418\u0432\u0430\u043d"]) == ""


def test_ids_that_differ_by_zeros_in_front_are_a_fault(found):
    text = found((0, "participant_id", "sub-001"), (1, "participant_id", "sub-01"), (2, "participant_id", "sub-1"))
    assert "rows 2-4, column participant_id: sub-001, sub-01, sub-1 differ only by zeros in front" in text


def test_ids_of_one_length_do_not_differ_by_zeros_in_front_alone(found):
    assert found((0, "participant_id", "sub-a01b1"), (1, "participant_id", "sub-a1b01")) == ""


def test_cohorts_that_differ_by_case_alone_are_a_fault(found):
    assert "rows 2-7, column cohort: 'Trial', 'trial' may be one cohort" in found((0, "cohort", "Trial"))


@pytest.mark.parametrize("cell, kind", [("P1\u200b", "U+200B"), ("P\xad1", "U+00AD"), ("P1_x000D_", "_x000D_")])
def test_characters_that_nobody_sees_are_a_fault(found, cell, kind):
    text = found(person_id=[cell, *"bcdef"])
    assert f"row 2, column person_id: '{cell}' has" in text and kind in text


@pytest.mark.parametrize("cell", ["#SPILL!", "#CALC!", "Err:502"])
def test_errors_of_other_formulas_are_a_fault_too(found, cell):
    assert f"'{cell}' is an error of a formula" in found((0, "age", cell))


def test_a_fraction_is_no_number_of_a_series(found):
    assert "'3.5' is a number that no series has" in found(baseline_series=["3.5", "2", "HEAD 3.5", *["n/a"] * 3])


def test_a_person_with_two_roles_is_a_fault(found):
    text = found((0, "role", "external"), person_id=["p1", "p1", "p2", "p2", "n/a", "n/a"])
    assert "rows 2-3, column role: person 'p1' is in development and external" in text and "p2" not in text


def test_one_file_for_two_participants_is_a_fault(found):
    assert "rows 2, 4, column baseline_ct: 2 times the same" in found((2, "baseline_ct", "./scan0.nii.gz"))


def test_a_patient_to_predict_may_be_one_of_the_study_again(found):
    assert found((1, "role", "prediction"), (1, "baseline_ct", "scan0.nii.gz")) == ""


def test_a_scan_as_its_own_follow_up_or_mask_is_a_fault(found):
    text = found(followup_ct=["scan0.nii.gz", *["n/a"] * 5], baseline_mask=["n/a", "scan1.nii.gz", *["n/a"] * 4])
    assert "row 2, column baseline_ct and followup_ct" in text
    assert "row 3, column baseline_ct and baseline_mask" in text


def test_two_series_of_one_dicom_folder_are_two_scans(found, tmp_path):
    (tmp_path / "dicom").mkdir()
    (tmp_path / "dicom" / "1").touch()
    once = {"followup_ct": ["dicom", *["n/a"] * 5]}
    assert "2 times the same" in found((0, "baseline_ct", "dicom"), **once)
    series = {"baseline_series": ["2", *["n/a"] * 5], "followup_series": ["3", *["n/a"] * 5]}
    assert found((0, "baseline_ct", "dicom"), **once, **series) == ""


def test_dicom_folders_dicomdirs_and_archives_are_scans_and_nrrd_and_dicom_are_masks(found, tmp_path):
    (tmp_path / "dicom" / "a").mkdir(parents=True)
    for name in ("dicom/DICOMDIR", "a.zip", "m.nrrd", "m.seg.nrrd", "m.nhdr", "m.dcm", "m.nii", "m2.nii.gz"):
        (tmp_path / name).touch()
    scans = [(0, "baseline_ct", "dicom"), (1, "baseline_ct", "dicom/DICOMDIR"), (2, "baseline_ct", "a.zip")]
    masks = ["m.nrrd", "m.seg.nrrd", "m.nhdr", "m.dcm", "m.nii", "m2.nii.gz"]
    assert found(*scans, baseline_mask=masks) == ""


def test_an_empty_folder_is_a_fault(found, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "row 2, column baseline_ct: an empty folder" in found((0, "baseline_ct", "empty"))


def test_a_single_dicom_file_may_be_multi_frame_and_is_warned_of(sheet, config, tmp_path):
    (tmp_path / "slice.dcm").touch()
    read = sheet([(0, "baseline_ct", "slice.dcm")])
    assert sheet_faults(read, config) == []
    assert "1 participant (sub-0) whose scan is one DICOM file" in summarize_study(read, config)


def test_kinds_of_files_that_are_not_read_are_a_fault(found, tmp_path):
    (tmp_path / "scan.png").touch()
    (tmp_path / "mask.mha").touch()
    (tmp_path / "masks").mkdir()
    text = found((0, "baseline_ct", "scan.png"), baseline_mask=["mask.mha", "masks", *["n/a"] * 4])
    assert "not a kind of scan that is read" in text and "not a kind of mask that is read" in text
    assert "row 3, column baseline_mask: a folder for a mask" in text


@pytest.mark.parametrize(
    "path, cure",
    [("C:\\scans\\a.nii", "with /"), ("https://a.org/a.nii", "Copy the file"), ("~/a.nii", "whole path")],
)
def test_paths_of_other_kinds_say_how_to_write_them(found, path, cure):
    text = found((0, "baseline_ct", path))
    assert "row 2, column baseline_ct: no file" in text and cure in text


def test_a_file_that_may_not_be_read_is_a_fault(found, tmp_path, monkeypatch):
    (tmp_path / "locked.nii").touch()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and allowed(path, mode))
    assert "no permission to read" in found((0, "baseline_ct", "locked.nii"))


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_disk_that_does_not_answer_is_no_missing_file(found, tmp_path, monkeypatch, number):
    """Who is told that there is no file writes n/a, and the participant is lost."""
    (tmp_path / "scan.nii").touch()
    real = os.stat

    def stat(path, **options):
        if str(path).endswith("scan.nii"):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, **options)

    monkeypatch.setattr(os, "stat", stat)
    text = found((0, "baseline_ct", "scan.nii"))
    assert f"row 2, column baseline_ct: no answer ({os.strerror(number)}) from" in text and "n/a" not in text


@pytest.mark.parametrize("named", ["scan", "scan/DICOMDIR"])
def test_links_that_lead_nowhere_in_a_folder_of_dicom_are_a_fault(sheet, config, tmp_path, named):
    (tmp_path / "scan" / "ST0").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for file in ("scan/DICOMDIR", "elsewhere/IM1", "scan/ST0/IM0"):
        (tmp_path / file).touch()
    (tmp_path / "scan" / "ST1").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "scan")
    assert sheet_faults(sheet([(0, "baseline_ct", named)]), config) == []
    (tmp_path / "elsewhere" / "IM2").symlink_to("../.git/annex/objects/xx")
    text = texts(sheet_faults(sheet([(0, "baseline_ct", named)]), config))
    assert f"row 2, column baseline_ct: links that lead nowhere in '{tmp_path / named}'" in text
    assert "git annex get" in text


def test_an_outcome_over_a_column_that_is_not_there_is_named(sheet, config):
    config["outcomes"]["dead"] = "mortality == 1"
    assert "reads mortality, which the sheet does not have" in texts(sheet_faults(sheet(), config))


def test_an_outcome_over_a_further_column_of_numbers_is_computed(sheet, config):
    config["outcomes"] = {"dead": "died == 1"}
    assert sheet_faults(sheet(died=["1", "0", "1", "0", "1", "n/a"]), config) == []


def test_an_outcome_that_compares_text_with_a_number_is_a_fault(sheet, config):
    config["outcomes"] = {"dead": "died > 0"}
    assert "compares text with a number" in texts(sheet_faults(sheet(died=["yes", *["no"] * 5]), config))


def test_an_outcome_over_masks_that_computes_with_text_is_a_fault_before_any_mask_is_drawn(sheet, config):
    config["outcomes"] = {"grown": "expansion_ml > died * 2"}
    assert "computes with text" in texts(sheet_faults(sheet(died=["yes", *["no"] * 5]), config))


def test_whoever_an_outcome_divides_by_zero_for_is_missing_it_and_no_fault(sheet, config):
    config["outcomes"] = {"ratio": "age / mrs > 20"}  # mrs is 0 to 5
    assert sheet_faults(sheet(), config) == []
    assert "ratio (age / mrs > 20), development: 2 with, 3 without, 1 missing" in summarize_study(sheet(), config)


def test_one_class_only_is_a_fault(found):
    assert "0 development participants with it, 6 without" in found(*((row, "mrs", "1") for row in range(6)))


def test_fewer_participants_than_folds_is_a_fault(sheet, config):
    assert "6 development participants for 7 folds" in texts(sheet_faults(sheet(), config | {"folds": 7}))


def test_missing_cells_and_the_oldest_ages_are_no_fault(sheet, config):
    read = sheet([(0, "age", "89+"), (1, "mrs", "n/a")])
    assert read.rows[0]["age"] == 89 and read.rows[1]["mrs"] is None and sheet_faults(read, config) == []


def test_faults_of_one_kind_are_one_line_of_the_table(sheet, config):
    faults = sheet_faults(sheet([(row, "sex", "female" if row % 2 else "male") for row in range(6)]), config)
    assert [fault.where for fault in faults] == ["rows 2-7, column sex"]
    assert "'male', 'female' is not one of F, M" in faults[0].finding and faults[0].cure == "Write M, and so on"


def test_all_faults_come_in_one_message(sheet, config):
    with pytest.raises(StudyError, match="2 faults") as error:
        raise_faults(sheet_faults(sheet([(0, "age", "old"), (1, "age", "-12")]), config))
    assert "row 2" in str(error.value) and "row 3" in str(error.value)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_is_aligned_and_no_wider_than_the_terminal(width):
    faults = [
        Fault(f"row {i}, column baseline_ct", "no file " + "very/long/" * i + "name", "Mend it " * i) for i in range(12)
    ]
    lines = format_faults(faults, width).splitlines()
    assert max(map(len, lines)) <= width and lines[0].split() == ["no.", "where", "found", "what", "to", "do"]
    starts = [lines[0].index(heading) for heading in ("where", "found", "what")]
    for line in lines[2:]:
        assert all(line.ljust(width)[start - 2 : start] == "  " for start in starts)
    assert (
        "name" in "".join(lines[-6:]) and [line[:4].strip() for line in lines if line[:4].strip().isdigit()][-1] == "12"
    )


def test_a_study_without_faults_is_summed_up(sheet, config, tmp_path):
    (tmp_path / "m.nii").touch()
    added = {"lactate": ["1"] * 6, "baseline_mask": ["m.nii", *["n/a"] * 5]}
    text = summarize_study(sheet([(5, "role", "external"), (0, "age", "12")], **added), config)
    for line in (
        "No faults: 6 participants",
        "development  trial: 5",
        "external     trial: 1",
        "baseline_ct    6 of 6 (NIfTI 6)",
        "baseline_mask  1 of 6",
        "poor_outcome (mrs > 3), development: 1 with, 4 without, 0 missing",
        "lactate",
        "no participant has a follow-up scan",
        "1 participant (sub-0) younger than 18 years",
        "poor_outcome has one class only in the external cohort",
    ):
        assert line in text, line


def test_what_is_unusual_is_warned_of(sheet, config):
    text = summarize_study(sheet([*((row, "mrs", "n/a") for row in range(4)), (0, "baseline_ct", "n/a")]), config)
    for line in (
        "no participant has the role external",
        "outcome poor_outcome is missing for 4 of 6 development participants",
        "1 participant (sub-0) without baseline_ct will be excluded",
        "no development participant has a manual mask",
    ):
        assert line in text, line


def test_the_template_has_every_known_column_and_no_fault_but_its_absent_files(config):
    template = read_sheet(CONFIG.parents[1] / "resources" / "participants.tsv")
    schema = json.loads((CONFIG.parent / "schemas" / "participants.schema.json").read_text())
    assert set(template.header) == set(schema["properties"])
    faults = sheet_faults(template, config | {"folds": 1, "outcomes": {}})
    assert faults and all(fault.finding.startswith("no file") for fault in faults), texts(faults)


CELLS = st.text(max_size=8) | st.sampled_from(["n/a", "NA", "sub-1", "development", "a.nii", "63,5", "89+", "=A1", "7"])
TYPED = (
    CELLS | st.floats() | st.booleans() | st.datetimes(datetime(1950, 1, 1)) | st.times() | st.none() | st.integers()
)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.sampled_from([*known_columns(), "", "extra", "Age", "status"]), max_size=12))
def test_whatever_a_sheet_holds_its_faults_are_told_and_the_check_does_not_fail(data, more):
    header = (*sheet_schema()["required"], *more)
    cells = st.lists(TYPED, min_size=len(header), max_size=len(header) + 2)
    records = [(2 + n, data.draw(cells)) for n in range(data.draw(st.integers(1, 4)))]
    config = yaml.safe_load(CONFIG.read_text())
    sheet = parse_sheet(Path("participants.xlsx"), [(1, list(header)), *records])
    faults = sheet_faults(sheet, config)
    assert faults and format_faults(faults, 100)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200) | st.binary(max_size=200), suffix=st.sampled_from([".tsv", ".csv", ".xlsx"]))
def test_a_file_of_anything_is_read_or_refused(tmp_path_factory, text, suffix):
    path = tmp_path_factory.mktemp("any") / f"sheet{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", errors="replace"))
    try:
        assert sheet_faults(read_sheet(path), yaml.safe_load(CONFIG.read_text()))
    except StudyError as error:
        assert "sheet" in str(error)


def test_every_setting_has_a_description():
    for path in CONFIG.parent.glob("schemas/*.schema.json"):
        for name, setting in json.loads(path.read_text())["properties"].items():
            assert setting.get("description") or "$ref" in setting, f"{path.name}: {name}"
