"""Schemas of Table 1 and of the comparisons of models."""

from ichdag.columns import AUC, CLASSIFIER, COHORT, FEATURE_SET, GAP, NOTE, OUTCOME, STATISTIC, P
from ichdag.constants import FEATURE_SETS
from ichdag.schema import Column, Schema, number


def _subgroup(group: str) -> list[Column]:
    """Create the columns of one of two groups of participants."""
    return [
        number(f"n_{group}", f"{group}", low=0),
        number(f"positives_{group}", f"{group} with the outcome", low=0),
        number(f"auc_{group}", f"AUC in {group}", **AUC),
        number(f"low_{group}", f"lower limit of the AUC in {group}", **AUC),
        number(f"high_{group}", f"upper limit of the AUC in {group}", **AUC),
    ]


TABLE1 = Schema(
    "table1",
    (
        Column("cohort", "external cohort that is compared with the development cohort", missing=True),
        Column("variable", "column of the cohort table, or outcome"),
        Column("kind", "how it is summarized", values=("number", "category", "outcome")),
        Column("level", "category; of an outcome 1; n/a for numbers", missing=True),
        Column("development", "mean (SD) or count (percent)", missing=True),
        Column("external", "mean (SD) or count (percent)", missing=True),
        number("value_development", "mean or count", missing=True),
        number("spread_development", "SD or percent", missing=True),
        number("value_external", "mean or count", missing=True),
        number("spread_external", "SD or percent", missing=True),
        number("n_development", "participants with a value", low=0),
        number("n_external", "participants with a value", low=0),
        number("missing_development", "participants without a value", low=0),
        number("missing_external", "participants without a value", low=0),
        Column("test", "test of the two cohorts", missing=True),
        STATISTIC,
        P,
        number("smd", "absolute standardized difference", low=0, missing=True),
        NOTE,
    ),
)

SHAPIRO = Schema(
    "shapiro",
    (
        OUTCOME,
        FEATURE_SET,
        number("n", "AUCs: folds x classifiers", low=0),
        STATISTIC,
        P,
        Column("normal", "whether p is at least alpha", values=("yes", "no"), missing=True),
        NOTE,
    ),
)

FRIEDMAN = Schema(
    "friedman",
    (
        OUTCOME,
        COHORT,
        Column("fold", "'mean' (over folds) or 'external'"),
        number("treatments", "feature sets", low=0),
        number("blocks", "classifiers", low=0),
        STATISTIC,
        P,
        number(
            "kendall_w",
            "Kendall's coefficient of concordance: 1 if all classifiers rank the feature sets in the same order",
            **AUC,
        ),
        number(
            "icc",
            "agreement of the classifiers on the AUCs of the feature sets: ICC(C,1)",
            low=-1,
            high=1,
            missing=True,
        ),
        number(
            "icc_low", "its lower 95% limit; it assumes that the classifiers do not share their patients", missing=True
        ),
        number("icc_high", "its upper 95% limit, with the same assumption", missing=True),
        Column("significant", "whether p is below alpha", values=("yes", "no"), missing=True),
        number(
            "size",
            "how often p would be below alpha in this study if all feature sets were equally good; above alpha, "
            "because the classifiers share their patients and the chi-square distribution assumes that they do not",
            **AUC,
        ),
        number(
            "p_patients",
            "p for equal mean AUCs over classifiers, by resampling the patients that all models share; it keeps its "
            "nominal size",
            **AUC,
        ),
        NOTE,
    ),
)

WILCOXON = Schema(
    "wilcoxon",
    (
        OUTCOME,
        COHORT,
        Column("fold", "'mean' (over folds) or 'external'"),
        Column("first", "feature set", values=tuple(FEATURE_SETS)),
        Column("second", "feature set it is compared with", values=tuple(FEATURE_SETS)),
        number("median_difference", "median over classifiers of the AUC of the first minus the second", **GAP),
        number("rank_biserial", "matched-pairs rank-biserial correlation: 1 if the first is always better", **GAP),
        number(
            "common_language", "probability that an AUC of the first is above one of the second; ties count half", **AUC
        ),
        number("blocks", "classifiers", low=0),
        number("nonzero", "classifiers with a difference", low=0),
        STATISTIC,
        P,
        number("p_bonferroni", "p after Bonferroni's correction over the pairs", **AUC),
        number("p_holm", "p after Holm's correction over the pairs", **AUC),
        number("p_bh", "p after Benjamini and Hochberg's correction over the pairs", **AUC),
        number(
            "smallest_reachable_p",
            "smallest p that is possible with this number of classifiers with a difference",
            low=0,
            high=1,
        ),
        number("p_patients", "p of the mean difference over classifiers, by resampling the patients", **AUC),
        number("p_patients_holm", "p_patients after Holm's correction over the pairs", **AUC),
        Column(
            "friedman_significant",
            "whether Friedman's test is significant, so that pairs may be compared",
            values=("yes", "no"),
            missing=True,
        ),
        NOTE,
    ),
)

DELONG = Schema(
    "delong",
    (
        OUTCOME,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        FEATURE_SET,
        CLASSIFIER,
        Column("features_reference", "feature set it is compared with"),
        Column("classifier_reference", "classifier of the reference"),
        number("auc", "AUC; of several repeats' pooled predictions that of each participant's mean probability", **AUC),
        number("auc_reference", "AUC of the reference, computed in the same way", **AUC),
        number("difference", "AUC minus AUC of the reference", **GAP),
        number("low", "lower limit (DeLong)", **GAP),
        number("high", "upper limit (DeLong)", **GAP),
        P,
        number("p_holm", "p after Holm's correction over the comparisons of the outcome and cohort", **AUC),
        number("p_bh", "p after Benjamini and Hochberg's correction, likewise", **AUC),
        number(
            "inflation",
            "what DeLong's variance was multiplied by: 1 + folds x n_test / n_train for one cross-validation, "
            "estimated from repeats if there are any; 1 without cross-validation",
            low=1,
        ),
        number("bootstrap_low", "lower limit (bootstrap within each class), widened by the same factor", **GAP),
        number("bootstrap_high", "upper limit (bootstrap within each class), widened by the same factor", **GAP),
        number("n", "participants with both predictions", low=0),
        number("positives", "number of these with the outcome", low=0),
        NOTE,
    ),
)

NADEAU_BENGIO = Schema(
    "nadeau_bengio",
    (
        OUTCOME,
        FEATURE_SET,
        Column("features_reference", "feature set it is compared with"),
        CLASSIFIER,
        number("folds", "folds with both AUCs, of all repeats", low=0),
        number("difference", "mean over folds of the AUC minus that of the reference", **GAP),
        number("low", "lower limit", missing=True),
        number("high", "upper limit", missing=True),
        number("t", "corrected t", missing=True),
        P,
        NOTE,
    ),
)

SEX = Schema(
    "sex",
    (
        OUTCOME,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        FEATURE_SET,
        CLASSIFIER,
        *[column for group in ("women", "men") for column in _subgroup(group)],
        number("difference", "AUC in women minus AUC in men", **GAP),
        number("low", "lower limit (DeLong, unpaired)", **GAP),
        number("high", "upper limit", **GAP),
        P,
        number("interaction", "sex x logit of the probability: slope in women minus slope in men", missing=True),
        number("interaction_low", "lower limit (Wald)", missing=True),
        number("interaction_high", "upper limit", missing=True),
        number("p_interaction", "two-sided p of the interaction (Wald)", **AUC),
        NOTE,
    ),
)
