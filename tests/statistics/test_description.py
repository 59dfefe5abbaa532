"""Table 1: summaries, tests and standardized differences."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ichdag.statistics import describe_cohorts
from ichdag.statistics.schemas import TABLE1
from ichdag.tables import read_table, write_table

SETTINGS = {"numbers": ["age", "nihss"], "categories": ["sex", "mrs"]}


@pytest.fixture
def participants():
    """60 development and 40 external participants, a few excluded, a few cells missing."""
    random = np.random.default_rng(2)
    role = np.array(["development"] * 60 + ["external"] * 40)
    table = pd.DataFrame({"subject": [f"{number:03d}" for number in range(100)], "role": role})
    table["cohort"] = np.where(role == "external", "YALE", "ATACH")
    table["status"] = np.where(np.arange(100) % 20 == 7, "excluded", "included")
    table["age"] = random.normal(60, 12, 100) + 6 * (role == "external")
    table.loc[[1, 2, 70], "age"] = np.nan
    table["sex"] = random.choice(["F", "M"], 100)
    table["mrs"] = random.choice([0.0, 1.0, 4.0], 100)
    table["poor_outcome"] = pd.Series(random.integers(0, 2, 100), dtype="Int64")
    return table


def described(participants):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return describe_cohorts(participants, outcomes=["poor_outcome"], **SETTINGS)


def sides(participants, column):
    included = participants[participants.status == "included"]
    return [included.loc[included.role == role, column].dropna() for role in ("development", "external")]


def test_numbers_have_mean_sd_welchs_t_and_a_standardized_difference(participants):
    row = described(participants).set_index("variable").loc["age"]
    left, right = sides(participants, "age")
    expected = stats.ttest_ind(left, right, equal_var=False)
    assert row.development == f"{left.mean():.1f} ({left.std():.1f})"
    assert (row.n_development, row.missing_development, row.missing_external) == (len(left), 2, 1)
    assert row.p == pytest.approx(expected.pvalue, abs=1e-10)
    assert row.smd == pytest.approx(abs(left.mean() - right.mean()) / math.sqrt((left.var() + right.var()) / 2))


def test_categories_have_counts_chi_square_and_a_standardized_difference(participants):
    rows = described(participants)
    sex = rows[rows.variable == "sex"].set_index("level")
    left, right = sides(participants, "sex")
    counts = [[(side == level).sum() for level in "FM"] for side in (left, right)]
    assert sex.loc["F", "development"] == f"{counts[0][0]} ({100 * counts[0][0] / len(left):.1f})"
    assert sex.loc["F", "p"] == pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue, abs=1e-10)
    one, other = counts[0][0] / len(left), counts[1][0] / len(right)
    smd = abs(one - other) / math.sqrt((one * (1 - one) + other * (1 - other)) / 2)
    assert sex.loc["F", "smd"] == pytest.approx(smd, abs=1e-10)


def test_levels_of_a_scale_are_rows_and_an_outcome_is_one_row(participants):
    rows = described(participants)
    assert rows[rows.variable == "mrs"].level.tolist() == ["0", "1", "4"]
    outcome = rows[rows.variable == "poor_outcome"]
    assert outcome.level.tolist() == ["1"]
    assert outcome.value_external.item() == sides(participants, "poor_outcome")[1].sum()


def test_a_rare_outcome_is_tested_exactly(participants):
    participants["poor_outcome"] = pd.Series([1, 1, 0] + [0] * 96 + [1], dtype="Int64")
    row = described(participants).set_index("variable").loc["poor_outcome"]
    left, right = (side.astype(int) for side in sides(participants, "poor_outcome"))
    counts = [[(side == level).sum() for level in (0, 1)] for side in (left, right)]
    assert row.test == "Fisher exact"
    assert row.p == pytest.approx(stats.fisher_exact(counts).pvalue, abs=1e-10)


def test_a_column_the_sheet_lacks_is_a_row_that_says_so(participants):
    row = described(participants).set_index("variable").loc["nihss"]
    assert row.note == "no such column"
    assert pd.isna(row.development)


def test_an_outcome_that_nobody_has_is_counted_as_none(participants):
    participants["poor_outcome"] = pd.Series([0] * 100, dtype="Int64")
    row = described(participants).set_index("variable").loc["poor_outcome"]
    assert (row.external, row.note) == ("0 (0.0)", "one level only")
    assert math.isnan(row.p)


def test_a_study_without_an_external_cohort_is_described_alone(participants, tmp_path):
    table = described(participants[participants.role == "development"])
    write_table(table, tmp_path / "table1.tsv", TABLE1)
    rows = read_table(tmp_path / "table1.tsv", TABLE1).set_index("variable")
    left, _ = sides(participants, "age")
    assert rows.loc["age", "development"] == f"{left.mean():.1f} ({left.std():.1f})"
    assert rows.loc["age", "note"] == "nobody with a value in one cohort"


@pytest.mark.parametrize(
    ("development", "external", "texts"),
    [
        # Means and SDs by hand: 0.1 / 4 and 0.01 / sqrt(12), 0.17 / 4 and 0.005 / sqrt(12), in the same decimals.
        ([0.02, 0.03, 0.02, 0.03], [0.04, 0.045, 0.04, 0.045], ["0.0250 (0.0058)", "0.0425 (0.0029)"]),
        ([51.1, 75.3], [60.0, 62.0], ["63.2 (17.1)", "61.0 (1.4)"]),
        ([0.5, 0.5], [0.5, 0.75], ["0.50 (0.00)", "0.62 (0.18)"]),
        ([0.1] * 3, [0.1] * 3, ["0.100 (0.000)", "0.100 (0.000)"]),
        ([12345.6, 15345.6], [12345.6], ["13845.6 (2121.3)", "12345.6 (nan)"]),
        ([0.0, 0.0], [], ["0.0 (0.0)", None]),
    ],
)
def test_means_and_sds_have_the_decimals_that_their_scale_needs(development, external, texts):
    parts = [pd.DataFrame({"age": values}) for values in (development, external)]
    for part, role in zip(parts, ("development", "external"), strict=True):
        part["role"] = role
    other = pd.DataFrame({"age": [np.nan], "role": ["external"]})
    table = pd.concat([*parts, other], ignore_index=True).assign(status="included", cohort="YALE")
    row = describe_cohorts(table, outcomes=[], numbers=["age"], categories=[]).iloc[0]
    assert [row.development, row.external] == texts
    without = texts[0] == "0.100 (0.000)" or "nan" in str(texts[1])
    assert (row.note == "no spread, or one participant in a cohort") == without


# R 4.2.2: t.test(age1, age2); chisq.test(m, correct=FALSE); fisher.test(m). Standardized differences: the formulas of
# the package tableone (its _cont_smd with ddof 1, its _cat_smd), worked in R with 15 digits; its sign is left out.
AGES = [[71, 58, 64, 80, 49, 66, 73, 55, 61, 68, 77, 52], [69, 82, 75, 63, 88, 79, 70, 74, 85]]
COUNTS = {"sex": [[14, 16], [21, 12]], "mrs": [[9, 14, 7], [5, 13, 15]], "rare": [[26, 4], [31, 2]]}
REFERENCES = {
    "age": ("Welch t", -2.95600196033729, 0.0081897195098058, 1.28572179449869),
    "sex": ("chi-square", 1.83272727272727, 0.175805753010681, 0.346286509836977),
    "mrs": ("chi-square", 3.95509641873278, 0.138408169499319, 0.51885065293175),
    "rare": ("Fisher exact", math.nan, 0.412005980497228, 0.247646503023899),
}


def of_counts(name, role):
    """As many participants of a role as the table of counts has, one row each."""
    counts = COUNTS[name][role == "external"]
    column = [float(level) for level, count in enumerate(counts) for _ in range(count)]
    return pd.DataFrame({name: column, "role": role, "cohort": role, "status": "included"})


@pytest.mark.parametrize("name", REFERENCES)
def test_tests_and_standardized_differences_are_those_of_r_and_tableone(name):
    roles = ("development", "external")
    if name == "age":
        parts = [pd.DataFrame({"age": ages, "role": role}) for ages, role in zip(AGES, roles, strict=True)]
    else:
        parts = [of_counts(name, role) for role in roles]
    table = pd.concat(parts, ignore_index=True).assign(status="included", cohort="YALE")
    numbers, categories = (["age"], []) if name == "age" else ([], [name])
    row = describe_cohorts(table, outcomes=[], numbers=numbers, categories=categories).iloc[0]
    test, statistic, p, smd = REFERENCES[name]
    assert row.test == test
    assert (row.p, row.smd) == pytest.approx((p, smd), abs=1e-8)
    assert row.statistic == pytest.approx(statistic, abs=1e-8, nan_ok=True)


def test_a_level_that_one_cohort_lacks_still_has_a_standardized_difference(participants):
    participants.loc[(participants.role == "external") & (participants.mrs == 4), "mrs"] = 1.0
    row = described(participants).set_index("variable").loc["mrs"].iloc[0]
    assert row.smd > 0 and math.isfinite(row.p)


def test_codes_of_seven_digits_and_more_are_levels_of_their_own(participants):
    for first in (1000001.0, 12345678901.0):
        participants["mrs"] = first + np.arange(100) % 3
        rows = described(participants)
        levels = rows[rows.variable == "mrs"].set_index("level")
        assert levels.index.tolist() == [str(int(first) + step) for step in range(3)]
        for side, role in zip(sides(participants, "mrs"), ("development", "external"), strict=True):
            assert levels[f"value_{role}"].tolist() == side.value_counts().sort_index().tolist()
