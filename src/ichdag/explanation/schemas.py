"""Schemas of the tables that explain predictions."""

from ichdag.columns import AUC, CLASSIFIER, GAP, NOTE, OUTCOME
from ichdag.schema import Column, Schema, number

SHAP = Schema(
    "shap",
    (
        OUTCOME,
        CLASSIFIER,
        Column("block", "feature block: radiomics, segmentation, vaegan or shape"),
        number("importance", "mean over patients of the sum over the block of absolute SHAP values", low=0),
        number("share", "importance divided by the sum over all blocks; n/a if all are 0", low=0, high=1, missing=True),
        number("low", "lower limit of the share (bootstrap over patients)", low=0, high=1, missing=True),
        number("high", "upper limit of the share", low=0, high=1, missing=True),
        number("n", "patients explained", low=1),
        number("auc", "AUC of the predictions with all blocks (all folds together, or external)", **AUC),
        number("auc_lost", "mean loss of AUC when the columns of the block are permuted among patients", **GAP),
        number("auc_lost_low", "lower limit of the loss (bootstrap over patients)", **GAP),
        number("auc_lost_high", "upper limit of the loss", **GAP),
        number("scored", "number of patients with a known outcome, on whom the AUC is computed", low=0),
        NOTE,
    ),
)

COMPONENTS = Schema(
    "components",
    (
        number("component", "NMF component of the radiomics block, from 0", low=0),
        number("rank", "place of the feature within the component, from 1", low=1),
        Column("feature", "radiomic feature"),
        number(
            "weight", "loading of the feature, as a fraction of the sum of the loadings of the component", low=0, high=1
        ),
    ),
)
