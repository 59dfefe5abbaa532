"""Tables of what predictions rest on."""

from ichdag.columns import CLASSIFIER, OUTCOME
from ichdag.schema import Column, Schema, number

SHAP = Schema(
    "shap",
    (
        OUTCOME,
        CLASSIFIER,
        Column("block", "feature block: radiomics, segmentation, vaegan or shape"),
        number("importance", "mean over patients of the sum over the block of absolute SHAP values", low=0),
        number(
            "share", "importance as a part of all blocks' importance; n/a if all are 0", low=0, high=1, missing=True
        ),
        number("low", "lower limit of the share (bootstrap over patients)", low=0, high=1, missing=True),
        number("high", "upper limit of the share", low=0, high=1, missing=True),
        number("n", "patients explained", low=1),
    ),
)

COMPONENTS = Schema(
    "components",
    (
        number("component", "NMF component of the radiomics block, from 0", low=0),
        number("rank", "place of the feature within the component, from 1", low=1),
        Column("feature", "radiomic feature"),
        number("weight", "its part of the component's loadings", low=0, high=1),
    ),
)
