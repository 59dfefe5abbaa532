"""Schemas of the tables kept beside figures."""

from ichdag.columns import COHORT, FEATURE_SET, OUTCOME, ROLE, SUBJECT
from ichdag.constants import ROLES, VARIANTS
from ichdag.schema import Column, Schema, number

DICE = Schema(
    "dice",
    (
        ROLE,
        Column("variant", "network: dual scale or single scale", values=VARIANTS),
        Column("fold", "fold, 'all' (participants of all folds), 'mean' (over fold means), 'final' (external)"),
        number("mean", "mean Dice", low=0, high=1),
        number("sd", "standard deviation of Dice", low=0, high=1, missing=True),
        number("median", "median Dice", low=0, high=1, missing=True),
        number("low", "lower quartile of Dice", low=0, high=1, missing=True),
        number("high", "upper quartile of Dice", low=0, high=1, missing=True),
        number("worst", "smallest Dice", low=0, high=1, missing=True),
        number("hd95_mm", "median of the 95th percentile surface distance", "mm", 0, missing=True),
        number("n", "participants", low=0),
    ),
)

BLAND_ALTMAN = Schema(
    "bland_altman",
    (
        SUBJECT,
        ROLE,
        Column("variant", "network: dual scale or single scale", values=VARIANTS),
        number("mean_ml", "mean of predicted and manual lesion volume", "mL", 0),
        number("difference_ml", "predicted minus manual lesion volume", "mL"),
        number("bias_ml", "mean difference of its role and network", "mL"),
        number("lower_ml", "bias minus 1.96 standard deviations of the differences", "mL", missing=True),
        number("upper_ml", "bias plus 1.96 standard deviations of the differences", "mL", missing=True),
    ),
)

RANKS = Schema(
    "ranks",
    (
        OUTCOME,
        Column("fold", "'mean' (over folds) or 'external'"),
        COHORT,
        FEATURE_SET,
        number("rank", "mean over classifiers of the rank of its AUC among the feature sets, 1 is best", low=1),
        number("n", "classifiers", low=1),
    ),
)

PICTURES = Schema(
    "pictures",
    (
        SUBJECT,
        Column("role", "what the cohort is used for", values=ROLES, missing=True),
        Column("picture", "plane, or patch or reconstruction"),
        number("slice", "index of the slice shown, from 0", low=0),
        number("score", "number that is printed with the picture", missing=True),
        Column("meaning", "meaning of the score"),
    ),
)
