"""Numbers are printed without exponent and never lose a digit of their whole part."""

import numpy as np
import pandas as pd
import pytest

from ichdag.number_format import CODE, format_plain
from ichdag.schema import Column, Schema, number
from ichdag.tables import read_table, write_table

SITES = Schema("sites", (Column("subject", "who"),))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1000001.0, None, "1000001"),
        (np.int64(12345678901), None, "12345678901"),
        (np.float32(0.1), None, "0.1"),
        (1e22, None, "10000000000000000000000"),
        (-0.0, None, "0"),
        (2.5e-7, None, "0.00000025"),
        (999.9, 3, "1000"),
        (1234.56, 3, "1235"),
        (-0.012345, 3, "-0.0123"),
        (120.0, 2, "120"),
        (0.0, 3, "0"),
        (0.12341, 3, "0.123"),
        (0.12342, 3, "0.123"),
    ],
)
def test_a_number_is_as_people_write_it(value, digits, text):
    assert format_plain(value, digits) == text


def test_numbers_that_differ_are_printed_apart():
    values = {*np.random.default_rng(0).normal(size=500), *range(10**6, 10**6 + 500), *(10.0 ** np.arange(-9, 15))}
    assert len({format_plain(value) for value in values}) == len(values)
    assert all(float(format_plain(value)) == value for value in values)


@pytest.mark.parametrize("codes", [[1000001, 1000002], [12345678901, 12345678902], [999999999999999, 999999999999998]])
def test_codes_of_many_digits_are_the_same_after_a_table_is_written_and_read(tmp_path, codes):
    for kind in ("int64", "float64", "Int64", "Float64"):
        table = pd.DataFrame({"subject": ["1", "2"], "site": pd.Series(codes, dtype=kind)})
        write_table(table, tmp_path / "sites.tsv", SITES)
        assert read_table(tmp_path / "sites.tsv", SITES).site.tolist() == codes


@pytest.mark.parametrize("kind", ["float64", "Float64"])
def test_numbers_of_a_column_that_is_not_the_schemas_are_the_same_after_a_table_is_written_and_read(tmp_path, kind):
    given = [1000000001.5, 1000000002.25, 12345678901.5, 0.1, 0.1234567890123, 1e300, 2.5e-7, np.pi, -1e22 / 3]
    table = pd.DataFrame(
        {"subject": [str(place) for place in range(10)], "site": pd.Series([*given, None], dtype=kind)}
    )
    write_table(table, tmp_path / "sites.tsv", SITES)
    found = read_table(tmp_path / "sites.tsv", SITES).site
    assert found.tolist()[:-1] == given and np.isnan(found.iloc[-1])


def test_numbers_of_the_schema_have_ten_digits_and_large_ones_all_of_theirs(tmp_path):
    schema = Schema("sizes", (Column("subject", "who"), number("size", "a number")))
    values = [0.1, 2 / 3, 100 / 3, 1e-12 / 3, 1000000001.5, 98765432109.25]
    write_table(pd.DataFrame({"subject": list("abcdef"), "size": values}), tmp_path / "sizes.tsv", schema)
    cells = [line.split("\t")[1] for line in (tmp_path / "sizes.tsv").read_text("utf-8").splitlines()[1:]]
    assert cells == ["0.1", "0.6666666667", "33.33333333", "3.333333333e-13", "1000000001.5", "98765432109.25"]


@pytest.mark.parametrize("codes", [["007", "7"], ["12345678901234567", "12345678901234568"], ["00", "0"]])
def test_digits_that_are_names_stay_names(tmp_path, codes):
    write_table(pd.DataFrame({"subject": ["1", "2"], "site": codes, "age": [50, 60]}), tmp_path / "sites.tsv", SITES)
    found = read_table(tmp_path / "sites.tsv", SITES)
    assert found.site.tolist() == codes and found.age.tolist() == [50, 60]


def test_a_number_is_no_code():
    assert not [text for text in ("0", "7", "0.5", "-12", "1e-05", "123456789012345") if CODE.fullmatch(text)]
