"""Statistics: describe the cohorts, and test whether models differ by more than chance."""

from ichdag.statistics.description import describe_cohorts
from ichdag.statistics.nadeau_bengio import compare_folds
from ichdag.statistics.patients import compare_patients, compare_sexes
from ichdag.statistics.treatments import check_normality, compare_feature_sets, compare_pairs

__all__ = [
    "check_normality",
    "compare_feature_sets",
    "compare_folds",
    "compare_pairs",
    "compare_patients",
    "compare_sexes",
    "describe_cohorts",
]
