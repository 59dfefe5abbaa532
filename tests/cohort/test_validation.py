"""A study with faults stops before the first job, with all of them in one message."""

import json
from pathlib import Path

import pytest
import yaml

from ichdag.cohort.sheet import read_sheet
from ichdag.cohort.validation import config_faults, refuse, sheet_faults
from ichdag.jobs import StudyError

CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"
HEADER = ["participant_id", "cohort", "role", "baseline_ct", "age", "sex", "mrs"]


@pytest.fixture
def config():
    return yaml.safe_load(CONFIG.read_text()) | {"outcomes": {"poor_outcome": "mrs > 3"}, "folds": 2}


@pytest.fixture
def sheet(tmp_path):
    """Write a good sheet of six participants with changed cells, and read it."""

    def write(changes=(), header=HEADER):
        (tmp_path / "scan.nii.gz").touch()
        rows = [[f"sub-{i}", "trial", "development", "scan.nii.gz", "60", "F", str(i)] for i in range(6)]
        for row, column, text in changes:
            rows[row][HEADER.index(column)] = text
        lines = ["\t".join(cells) for cells in [header, *rows]]
        (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
        return read_sheet(tmp_path / "participants.tsv")

    return write


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
    config["cohort"]["air_hu"] = 40
    config["outcomes"]["bad"] = "import os"
    found = texts(config_faults(config))
    assert "config folds: 'five' is not of type 'integer'" in found
    assert "config cohort.air_hu: 40 is greater than the maximum of 0" in found
    assert "config outcomes.bad" in found


def test_an_outcome_to_explain_must_be_one_of_the_study(config):
    config["explanation"]["outcomes"] = ["death"]
    assert "there is no outcome 'death'" in texts(config_faults(config))


def test_a_good_sheet_has_no_fault(sheet, config):
    assert sheet_faults(sheet(), config) == []


def test_missing_columns_are_named(sheet, config):
    found = texts(sheet_faults(sheet(header=["id", *HEADER[1:]]), config))
    assert "missing columns participant_id" in found and "header" in found


def test_every_fault_of_the_sheet_is_listed_with_row_and_column(sheet, config):
    changes = [
        (0, "age", "old"),
        (1, "sex", "female"),
        (2, "baseline_ct", "gone.nii.gz"),
        (3, "participant_id", "sub-1"),
    ]
    found = texts(sheet_faults(sheet([*changes, (4, "role", "training"), (5, "mrs", "7")]), config))
    for place in (
        "row 2, column age: 'old' is not of type 'number'",
        "row 3, column sex: 'female' is not one of",
        "row 4, column baseline_ct: no file",
        "rows 3, 5, column participant_id: 'sub-1' stands 2 times",
        "row 6, column role: 'training' is not one of",
        "row 7, column mrs: 7.0 is not one of",
    ):
        assert place in found, place


def test_an_outcome_over_a_column_that_is_not_there_is_named(sheet, config):
    config["outcomes"]["dead"] = "mortality == 1"
    assert "reads mortality, which the sheet does not have" in texts(sheet_faults(sheet(), config))


def test_one_class_only_is_a_fault(sheet, config):
    changes = [(row, "mrs", "1") for row in range(6)]
    assert "0 development participants with it, 6 without" in texts(sheet_faults(sheet(changes), config))


def test_fewer_participants_than_folds_is_a_fault(sheet, config):
    assert "6 development participants for 7 folds" in texts(sheet_faults(sheet(), config | {"folds": 7}))


def test_missing_cells_and_the_oldest_ages_are_read(sheet, config):
    rows = sheet([(0, "age", "89+"), (1, "mrs", "n/a")])
    assert rows[0]["age"] == 89 and rows[1]["mrs"] is None and sheet_faults(rows, config) == []


def test_all_faults_come_in_one_message(sheet, config):
    with pytest.raises(StudyError, match="2 faults") as error:
        refuse(sheet_faults(sheet([(0, "age", "old"), (1, "age", "12")]), config))
    assert "row 2" in str(error.value) and "row 3" in str(error.value)


def test_a_missing_sheet_says_what_to_do(tmp_path):
    with pytest.raises(StudyError, match="copy resources/participants.tsv"):
        read_sheet(tmp_path / "none.tsv")


def test_every_setting_has_a_description():
    for path in CONFIG.parent.glob("schemas/*.schema.json"):
        for name, setting in json.loads(path.read_text())["properties"].items():
            assert setting.get("description") or "$ref" in setting, f"{path.name}: {name}"
