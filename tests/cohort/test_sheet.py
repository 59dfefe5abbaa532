"""The sheet is read alike from tsv, csv and xlsx, and what cannot be read says why and what to do."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openpyxl import Workbook

from ichdag.cohort.sheet import column_schema, known_columns, read_sheet, sheet_schema, typed_columns
from ichdag.cohort.validation.cells import _trouble_of_value
from ichdag.jobs import StudyError

HEADER = ["participant_id", "cohort", "role", "baseline_ct", "age", "site", "lactate"]
ROWS = [
    ["sub-001", "trial", "development", "a.nii.gz", "63", "Zürich", "1.5"],
    ["sub-002", "trial", "external", "b.nii.gz", "89+", "n/a", ""],
]


@pytest.fixture
def folder(tmp_path):
    """Write a sheet as text, bytes or rows of an Excel sheet, and read it."""

    def read(name, content):
        path = tmp_path / name
        if isinstance(content, list):
            book = Workbook()
            for row in content:
                book.active.append(row)
            book.save(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_sheet(path)

    return read


def text(delimiter="\t", end="\n"):
    return end.join(delimiter.join(cells) for cells in [HEADER, *ROWS]) + end


def plain(sheet):
    """The rows with file names in place of paths."""
    return [row | {"baseline_ct": row["baseline_ct"].rpartition("/")[2]} for row in sheet.rows]


@pytest.fixture
def expected(folder):
    rows = plain(folder("participants.tsv", text()))
    assert rows[0] == dict(zip(HEADER, [*ROWS[0][:4], 63.0, "Zürich", 1.5], strict=True))
    assert rows[1]["age"] == 89 and rows[1]["site"] is None and rows[1]["lactate"] is None
    return rows


@pytest.mark.parametrize(
    "content",
    [
        text().encode("utf-8-sig"),
        text(end="\r\n").encode(),
        text(end="\r").encode(),
        text().encode("utf-16"),
        (text() + "\n\t\t\n\n").encode(),
        text().replace("\n", "\t\t\n").encode(),
        text().replace("cohort", " cohort ").encode(),
    ],
    ids=["UTF-8 with mark", "Windows lines", "old Mac lines", "UTF-16", "blank rows", "blank columns", "spaces"],
)
def test_what_other_programs_add_to_a_tsv_is_not_seen(folder, expected, content):
    sheet = folder("sheet.tsv", content)
    assert plain(sheet) == expected and sheet.header == tuple(HEADER) and sheet.numbers == (2, 3)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_csv_of_commas_or_semicolons_says_the_same_as_a_tsv(folder, expected, delimiter):
    assert plain(folder("sheet.csv", text(delimiter))) == expected


def test_a_csv_may_declare_its_separator_and_quote_its_cells(folder, expected):
    quoted = text(";").replace("trial", '"trial"')
    sheet = folder("sheet.csv", f"sep=;\r\n{quoted}")
    assert plain(sheet) == expected and sheet.numbers == (3, 4)


def test_a_workbook_says_the_same_as_a_tsv(folder, expected):
    rows = [HEADER, [*ROWS[0][:4], 63, "Zürich", 1.5, None], [None] * 8, [*ROWS[1][:6], None, " "]]
    sheet = folder("sheet.xlsx", rows)
    assert plain(sheet) == expected and sheet.numbers == (2, 4)


def test_the_sheet_named_participants_is_read_wherever_it_stands(tmp_path):
    book = Workbook()
    book.active.append(["notes"])
    sheet = book.create_sheet("Participants")
    for row in [HEADER, *ROWS]:
        sheet.append(row)
    book.save(tmp_path / "sheet.xlsx")
    assert [row["participant_id"] for row in read_sheet(tmp_path / "sheet.xlsx").rows] == ["sub-001", "sub-002"]


def test_whole_numbers_of_excel_are_text_where_text_is_meant(folder):
    rows = [["participant_id", "baseline_series", "site", "ward"], ["sub-1", 3, 12, 4], ["sub-2", "HEAD", 7, "B"]]
    found = folder("sheet.xlsx", rows).rows
    assert [row["baseline_series"] for row in found] == ["3", "HEAD"]
    assert found[0]["site"] == "12" and [row["ward"] for row in found] == ["4", "B"]


def test_dates_and_truths_in_further_columns_are_kept_as_text(folder):
    found = folder("sheet.xlsx", [["participant_id", "admitted", "icu"], ["sub-1", datetime(2024, 3, 1), True]]).rows[0]
    assert found["admitted"] == "2024-03-01" and found["icu"] == "TRUE"


def test_further_columns_are_numbers_where_all_are_and_codes_stay_text(folder):
    sheet = folder("sheet.tsv", "participant_id\tdeath\tcode\tmixed\nsub-1\t1\t007\t1\nsub-2\tn/a\t012\thigh\n")
    assert [row["death"] for row in sheet.rows] == [1.0, None]
    assert [row["code"] for row in sheet.rows] == ["007", "012"]
    assert [row["mixed"] for row in sheet.rows] == ["1", "high"]
    assert typed_columns(sheet.rows)["death"] == [1.0, None]


def test_row_numbers_are_those_of_the_file(folder):
    assert folder("sheet.tsv", "\n" + text() + "\n\nsub-003\ttrial\n").numbers == (3, 4, 7)


def refused(folder, name, content):
    with pytest.raises(StudyError) as error:
        folder(name, content)
    return str(error.value)


def test_windows_1252_is_refused_with_line_and_character(folder):
    found = refused(folder, "sheet.tsv", text().encode("cp1252"))
    assert "line 2" in found and "'ü'" in found and "UTF-8" in found


def test_utf_16_without_its_mark_is_refused(folder):
    assert "UTF-16 without its mark" in refused(folder, "sheet.tsv", "participant_id\tage\n".encode("utf-16-le"))


def test_a_workbook_named_tsv_is_refused(folder, tmp_path):
    folder("sheet.xlsx", [HEADER, *ROWS])
    assert "name it .xlsx" in refused(folder, "sheet.tsv", (tmp_path / "sheet.xlsx").read_bytes())


def test_a_text_named_xlsx_is_refused(folder):
    assert "cannot be read as an Excel workbook" in refused(folder, "sheet.xlsx", text())


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_workbook_that_was_cut_short_or_damaged_is_refused(folder, tmp_path, part):
    folder("sheet.xlsx", [HEADER, *ROWS])
    whole = (tmp_path / "sheet.xlsx").read_bytes()
    cut = int(len(whole) * part)
    assert "cannot be read as an Excel workbook" in refused(folder, "cut.xlsx", whole[:cut])
    assert "cannot be read as an Excel workbook" in refused(folder, "mangled.xlsx", whole[:100] + whole[cut:])


def test_an_old_or_protected_workbook_is_refused(folder):
    assert "without a password" in refused(folder, "sheet.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def test_a_kind_of_file_that_is_not_a_sheet_is_refused(folder):
    assert ".tsv, .csv or .xlsx" in refused(folder, "sheet.ods", text())


def test_commas_in_a_tsv_and_tabs_in_a_csv_are_refused(folder):
    assert "name the file .csv" in refused(folder, "sheet.tsv", text(","))
    assert "name the file .tsv" in refused(folder, "sheet.csv", text("\t"))


def test_an_empty_sheet_and_a_header_alone_are_refused(folder):
    assert "has no rows" in refused(folder, "sheet.tsv", "")
    assert "has no rows" in refused(folder, "sheet.csv", ",".join(HEADER) + "\n\n")


def test_a_missing_sheet_says_what_to_do(tmp_path):
    with pytest.raises(StudyError, match="copy resources/participants.tsv"):
        read_sheet(tmp_path / "none.tsv")


def test_the_schema_of_the_sheet_is_a_schema_and_its_examples_follow_it():
    Draft202012Validator.check_schema(sheet_schema())
    for name, column in known_columns().items():
        assert column["title"] and column["description"] and column["examples"], name
        for example in column["examples"]:
            if example != "89+":
                assert not list(Draft202012Validator(column).iter_errors(example)), name


def test_the_schema_says_nothing_that_is_not_checked():
    checked = {"type", "enum", "pattern", "minimum", "exclusiveMinimum", "maximum"}
    told = {"title", "description", "examples", "unit", "levels"}
    for name, column in known_columns().items():
        assert set(column) <= checked | told, name


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_cells_are_judged_as_the_schema_judges_them(data):
    name = data.draw(st.sampled_from(sorted(set(known_columns()) - {"participant_id"})))
    schema = column_schema(name)
    number = st.floats(-1e4, 1e4) | st.integers(-1, 16).map(float)
    cell = data.draw(number if schema.get("type") == "number" else st.text(max_size=6) | st.sampled_from(["F", "a-b"]))
    errors = list(Draft202012Validator(schema).iter_errors(cell))
    assert bool(errors) == bool(_trouble_of_value(name, cell, schema)), (name, cell)


@pytest.mark.parametrize(("on_disk", "in_sheet"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_a_file_is_found_whether_its_umlaut_is_one_character_or_two(folder, tmp_path, on_disk, in_sheet):
    name = unicodedata.normalize(on_disk, "Müller/Gänge.nii.gz")
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).touch()
    told = unicodedata.normalize(in_sheet, "Müller/Gänge.nii.gz")
    sheet = folder("p.tsv", f"participant_id\tcohort\trole\tbaseline_ct\nsub-1\ttrial\tdevelopment\t{told}\n")
    assert sheet.rows[0]["baseline_ct"] == str(tmp_path / name)
