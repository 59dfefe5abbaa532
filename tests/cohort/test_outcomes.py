"""Outcomes are expressions over columns, and nothing else."""

import pytest

from ichdag.cohort.outcomes import columns_of, outcome_of
from ichdag.jobs import StudyError


@pytest.mark.parametrize(
    ("expression", "row", "outcome"),
    [
        ("mrs > 3", {"mrs": 4.0}, 1),
        ("mrs > 3", {"mrs": 3.0}, 0),
        ("mrs > 3", {"mrs": None}, None),
        ("mrs > 3", {"mrs": float("nan")}, None),
        ("expansion_ml > 6 or mrs == 6", {"expansion_ml": 1.0, "mrs": 6.0}, 1),
        ("expansion_ml / baseline_volume_ml >= 0.33", {"expansion_ml": 1.0, "baseline_volume_ml": 2.0}, 1),
        ("not (0 <= mrs <= 2)", {"mrs": 2.0}, 0),
    ],
)
def test_an_outcome_is_what_its_expression_says(expression, row, outcome):
    assert outcome_of(expression, row) == outcome


@pytest.mark.parametrize("expression", ["__import__('os')", "mrs.real > 3", "[x for x in mrs]", "mrs >", "mrs[0] > 1"])
def test_anything_but_comparisons_is_refused(expression):
    with pytest.raises(StudyError, match="expression|allowed"):
        columns_of(expression)


def test_the_columns_of_an_expression_are_found():
    assert columns_of("expansion_ml > 6 or mrs == 6") == {"expansion_ml", "mrs"}
