"""The sheet is read alike from tsv, csv and xlsx, and what cannot be read says why and what to do."""

import re
import unicodedata
from datetime import datetime
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openpyxl import Workbook, load_workbook

from ichdag.cohort.sheet import column_schema, known_columns, read_sheet, sheet_schema, typed_columns
from ichdag.cohort.validation.cell_faults import _problem_of_value
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


@pytest.fixture
def workbook(tmp_path):
    """Write rows, spoil the sheet of the workbook (a function of it, or one of its XML), and read it."""

    def read(rows, *, spoil=lambda sheet: None, rewrite=lambda xml: xml):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        spoil(book.active)
        book.save(tmp_path / "plain.xlsx")
        with ZipFile(tmp_path / "plain.xlsx") as plain, ZipFile(tmp_path / "sheet.xlsx", "w") as other:
            for name in plain.namelist():
                content = plain.read(name).decode()
                other.writestr(name, rewrite(content) if name.endswith("sheet1.xml") else content)
        return read_sheet(tmp_path / "sheet.xlsx")

    return read


PERSONS = [["participant_id", "person_id", "age"], *([f"sub-{n}", None, 60 + n] for n in range(1, 6))]


def strict(source, target):
    """Write a workbook again as Excel's 'Strict Open XML Workbook', where dates are text in ISO form."""
    known, other = "http://schemas.openxmlformats.org", "http://purl.oclc.org/ooxml"
    with ZipFile(source) as plain, ZipFile(target, "w") as written:
        for name in plain.namelist():
            content = plain.read(name).decode()
            for part in ("spreadsheetml", "officeDocument", "drawingml"):
                content = content.replace(f"{known}/{part}/2006/", f"{other}/{part}/")
            content = re.sub(r'<c r="D2"[^>]*>.*?</c>', '<c r="D2" t="d"><v>2024-03-01</v></c>', content)
            written.writestr(name, content.replace("<workbook ", '<workbook conformance="strict" '))


def test_a_strict_workbook_is_read_as_any_other(tmp_path):
    book = Workbook()
    for row in (["participant_id", "person_id", "age", "admitted"], ["sub-1", "P1", 63, "x"], ["sub-2", None, 64, "y"]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.save(tmp_path / "plain.xlsx")
    strict(tmp_path / "plain.xlsx", tmp_path / "strict.xlsx")
    with pytest.raises(IndexError):
        load_workbook(tmp_path / "strict.xlsx", read_only=True).worksheets[0]
    rows = read_sheet(tmp_path / "strict.xlsx").rows
    assert [(row["participant_id"], row["person_id"], row["age"]) for row in rows] == [
        ("sub-1", "P1", 63),
        ("sub-2", "P1", 64),
    ]
    assert [row["admitted"] for row in rows] == ["2024-03-01", "y"]


def test_cells_merged_over_rows_have_their_value_in_each_also_where_another_is_hidden_below(workbook):
    def spoil(sheet):
        sheet["B2"], sheet["B5"], sheet["B6"] = "P1", "P4", "P9"
        sheet.merge_cells("B2:B3")
        sheet.merged_cells.add("B5:B6")  # LibreOffice keeps what is hidden below
        sheet.merged_cells.add("C2:C1048576")

    rows = workbook(PERSONS, spoil=spoil).rows
    assert [row["person_id"] for row in rows] == ["P1", "P1", None, "P4", "P4"]
    assert [row["age"] for row in rows] == [61] * 5


@pytest.mark.parametrize("cells, shown", [("A1:B1", "participant_id"), ("B3:C4", "P2")])
def test_cells_merged_over_columns_are_refused(workbook, cells, shown):
    def spoil(sheet):
        sheet["B3"] = "P2"
        sheet.merge_cells(cells)

    with pytest.raises(StudyError, match=f"{cells} are merged over several columns and hold '{shown}'"):
        workbook(PERSONS, spoil=spoil)


def test_a_formula_of_empty_text_is_missing_and_one_that_was_never_computed_is_shown(workbook):
    """Excel and LibreOffice save =IF(...,"") as text with an empty value; who does not compute saves no value."""
    formulas = {"C2": '<c r="C2" t="str"><f>IF(1,"")</f><v></v></c>', "C3": "<c r='C3' t='str'><f>A1</f><v/></c>"}
    formulas |= {"C4": "<c r='C4'><f>30*2</f><v></v></c>", "C5": "<c r='C5'><f>30*2</f><v>60</v></c>"}
    formulas |= {"C6": '<c r="C6" t="str"><f t="shared" si="0"/></c>'}

    def rewrite(xml):
        for place, cell in formulas.items():
            xml = re.sub(rf'<c r="{place}".*?</c>', cell, xml)
        return xml

    assert [row["age"] for row in workbook(PERSONS, rewrite=rewrite).rows] == [None, None, "=30*2", 60, "= ..."]


def test_what_a_workbook_writes_for_control_characters_is_read_as_these(workbook):
    names = ["trial", "trial_x000D_", "_x000d_trial_x0009_", "trial_x005F_x000D_", "scan_x0128_"]
    rows = [["participant_id", "cohort"], *([f"sub-{n}", name] for n, name in enumerate(names))]
    assert [row["cohort"] for row in workbook(rows).rows] == ["trial", "trial", "trial", "trial_x000D_", "scan_x0128_"]


def test_a_code_that_looks_like_a_number_stays_what_was_written(folder):
    sheet = folder("sheet.tsv", "participant_id\tward\taccession\tcrp\nsub-1\t1E5\t1234567890123456789\t1.5E+1\n")
    assert sheet.rows[0] | {"participant_id": ""} == {
        "participant_id": "",
        "ward": "1E5",
        "accession": "1234567890123456789",
        "crp": 15.0,
    }


def test_a_series_number_that_a_program_wrote_with_a_decimal_is_that_number(folder):
    sheet = folder("sheet.tsv", "participant_id\tbaseline_series\nsub-1\t3.0\nsub-2\tHEAD 3.0\nsub-3\t3\n")
    assert [row["baseline_series"] for row in sheet.rows] == ["3", "HEAD 3.0", "3"]


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
    assert bool(errors) == bool(_problem_of_value(name, cell, schema)), (name, cell)


@pytest.mark.parametrize(("on_disk", "in_sheet"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_a_file_is_found_whether_its_umlaut_is_one_character_or_two(folder, tmp_path, on_disk, in_sheet):
    name = unicodedata.normalize(on_disk, "Müller/Gänge.nii.gz")
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).touch()
    told = unicodedata.normalize(in_sheet, "Müller/Gänge.nii.gz")
    sheet = folder("p.tsv", f"participant_id\tcohort\trole\tbaseline_ct\nsub-1\ttrial\tdevelopment\t{told}\n")
    assert sheet.rows[0]["baseline_ct"] == str(tmp_path / name)
