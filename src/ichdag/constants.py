"""The fixed names of the study: roles, blocks, feature sets, classifiers."""

ROLES = ("development", "external", "prediction")
TIMEPOINTS = ("baseline", "followup")
STATUSES = ("included", "excluded")
BLOCKS = ("radiomics", "segmentation", "vaegan")
VARIANTS = ("dual", "single")
FINAL = "final"  # in place of a fold: fitted on all development participants

FEATURE_SETS = {
    "radiomics": ("radiomics",),
    "shape": ("shape",),
    "segmentation": ("segmentation",),
    "vaegan": ("vaegan",),
    "segmentation+vaegan": ("segmentation", "vaegan"),
    "radiomics+segmentation+vaegan": ("radiomics", "segmentation", "vaegan"),
    "shape+segmentation+vaegan": ("shape", "segmentation", "vaegan"),
}
CLASSIFIERS = ("random_forest", "xgboost", "naive_bayes", "extra_trees", "elastic_net", "svm")
COMPARATORS = {"volume": "logistic", "clinical": "logistic", "oracle": "known"}
