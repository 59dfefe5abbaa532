"""The tables that cross a stage: each column with its kind, unit, range and meaning. The docs' data dictionary."""

import math
from dataclasses import dataclass

ROLES = ("development", "external", "prediction")
TIMEPOINTS = ("baseline", "followup")
STATUSES = ("included", "excluded")
BLOCKS = ("radiomics", "segmentation", "vaegan")
VARIANTS = ("dual", "single")

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


@dataclass(frozen=True)
class Column:
    """One column: name, meaning, kind (text or number), unit, range, allowed values, whether cells may be missing."""

    name: str
    meaning: str
    kind: str = "text"
    unit: str = ""
    range: tuple[float, float] = (-math.inf, math.inf)
    values: tuple = ()
    missing: bool = False
    optional: bool = False


def number(name: str, meaning: str, unit: str = "", low: float = -math.inf, high: float = math.inf, **more) -> Column:
    """A column of numbers within [low, high]."""
    return Column(name, meaning, "number", unit, (low, high), **more)


SUBJECT = Column("subject", "participant id without the prefix sub-")
COHORT = Column("cohort", "name of the cohort the participant comes from")
ROLE = Column("role", "what the cohort is for", values=ROLES)
TIMEPOINT = Column("timepoint", "which scan", values=TIMEPOINTS)
STATUS = Column("status", "whether the analysis goes on with it", values=STATUSES)
STAGE = Column("stage", "stage at which it was excluded", missing=True)
REASON = Column("reason", "why it was excluded", missing=True)
OUTCOME = Column("outcome", "name of the outcome, as in the config")
FEATURES = Column("features", "feature set, or comparator (volume, clinical, oracle)")
CLASSIFIER = Column("classifier", "classifier, 'logistic' for a comparator, 'known' for the oracle")
FOLD = Column("fold", "0-4 in cross-validation, 'external' for an external cohort")
NOTE = Column("note", "why something is not defined", missing=True, optional=True)
INTERVALS = ("delong", "newcombe", "wilson", "bootstrap", "wald", "none")
AUC = {"low": 0, "high": 1, "missing": True}
GAP = {"low": -1, "high": 1, "missing": True}
P = number("p", "two-sided p", **AUC)
STATISTIC = number("statistic", "test statistic", missing=True)
VOLUME = {"unit": "mL", "low": 0, "missing": True}
PROBABILITY = {"low": 0, "high": 1}


def _subgroup(group: str) -> list[Column]:
    """The columns of one of two groups of participants."""
    return [
        number(f"n_{group}", f"{group}", low=0),
        number(f"positives_{group}", f"{group} with the outcome", low=0),
        number(f"auc_{group}", f"AUC in {group}", **AUC),
        number(f"low_{group}", f"lower limit of the AUC in {group}", **AUC),
        number(f"high_{group}", f"upper limit of the AUC in {group}", **AUC),
    ]


SCHEMAS: dict[str, list[Column]] = {
    "scans": [
        SUBJECT,
        TIMEPOINT,
        STATUS,
        STAGE,
        REASON,
        number("manual_volume_ml", "lesion volume in the manual mask", **VOLUME),
        Column("spacing_mm", "voxel size i x j x k", missing=True),
    ],
    "folds": [
        SUBJECT,
        Column("outcome", "outcome the fold is drawn for; 'segmentation' for the networks' cross-validation"),
        number("fold", "validation fold of the subject", low=0),
    ],
    "training": [
        SUBJECT,
        number("fold", "validation fold in the networks' cross-validation", low=0),
        number("retrain", "value of config segmentation.retrain the list was drawn for", optional=True),
    ],
    "grids": [
        SUBJECT,
        TIMEPOINT,
        Column("path", "npz file of the grids, relative to the study directory"),
        Column("manual", "whether a manual mask is on the grid", values=("yes", "no")),
    ],
    "volumes": [
        SUBJECT,
        STATUS,
        STAGE,
        REASON,
        number("baseline_predicted_ml", "lesion volume in the predicted baseline mask", **VOLUME),
        number("followup_predicted_ml", "lesion volume in the predicted follow-up mask", **VOLUME),
    ],
    "scores": [
        SUBJECT,
        ROLE,
        Column("variant", "network: dual scale or single scale", values=VARIANTS),
        Column("fold", "fold whose network drew the mask, 'final' for external and later participants"),
        number("dice", "Dice similarity coefficient with the manual mask, native grid", low=0, high=1, missing=True),
        number("hd95_mm", "95th percentile of the symmetric surface distance", "mm", 0, missing=True),
        number("manual_ml", "manual lesion volume", "mL", 0, missing=True),
        number("predicted_ml", "predicted lesion volume", "mL", 0, missing=True),
    ],
    "participants": [
        SUBJECT,
        COHORT,
        ROLE,
        STATUS,
        STAGE,
        REASON,
        number("age", "age at admission; 89 stands for 89 and over", "years", 0, 130, missing=True, optional=True),
        Column("sex", "sex", values=("F", "M"), missing=True, optional=True),
        number("baseline_volume_ml", "hematoma volume at admission", **VOLUME),
        number("followup_volume_ml", "hematoma volume at follow-up", **VOLUME),
        number("expansion_ml", "follow-up minus baseline volume", "mL", missing=True),
        Column("volume_source", "where the volumes come from", values=("manual", "predicted", "sheet"), missing=True),
    ],
    "flow": [
        COHORT,
        ROLE,
        Column("step", "enrolled, excluded, included, or with an outcome"),
        Column("reason", "why, or which outcome", missing=True),
        number("n", "participants", low=0),
    ],
    "features": [
        SUBJECT,
        STATUS,
        REASON,
    ],
    "reduced": [SUBJECT],
    "predictions": [
        COHORT,
        SUBJECT,
        OUTCOME,
        FEATURES,
        CLASSIFIER,
        FOLD,
        number("y_true", "1 if the outcome happened", values=(0, 1)),
        number("probability", "predicted probability of the outcome", **PROBABILITY),
    ],
    "metrics": [
        OUTCOME,
        FEATURES,
        CLASSIFIER,
        COHORT,
        Column(
            "fold", "0-4 (one fold), 'pooled' (all folds' out-of-fold predictions), 'mean' (over folds), 'external'"
        ),
        Column("metric", "auc, average_precision, f1, sensitivity, specificity, ppv, npv, brier, slope, intercept ..."),
        number("value", "the metric; n/a where it is not defined", missing=True),
        number("low", "lower limit of its confidence interval", missing=True),
        number("high", "upper limit of its confidence interval", missing=True),
        number("sd", "standard deviation over folds, for fold 'mean'", missing=True),
        number("n", "participants it was computed on", low=0),
        number("positives", "of them with the outcome", low=0),
        Column("interval", "how its limits were computed", values=INTERVALS, missing=True, optional=True),
        NOTE,
    ],
    "calibration": [
        OUTCOME,
        FEATURES,
        CLASSIFIER,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        number("bin", "bin of predicted risk, by quantile, from 0", low=0),
        number("predicted", "mean predicted probability in the bin", **PROBABILITY),
        number("observed", "observed fraction in the bin", **PROBABILITY),
        number("low", "lower limit (Wilson)", **PROBABILITY),
        number("high", "upper limit (Wilson)", **PROBABILITY),
        number("n", "participants in the bin", low=1),
    ],
    "decision": [
        OUTCOME,
        FEATURES,
        CLASSIFIER,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        number("threshold", "threshold probability", **PROBABILITY),
        number("net_benefit", "net benefit of the model"),
        number("treat_all", "net benefit of treating everybody"),
    ],
    "shap": [
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
    ],
    "components": [
        number("component", "NMF component of the radiomics block, from 0", low=0),
        number("rank", "place of the feature within the component, from 1", low=1),
        Column("feature", "radiomic feature"),
        number("weight", "its part of the component's loadings", low=0, high=1),
    ],
    "dice": [
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
    ],
    "ranks": [
        OUTCOME,
        Column("fold", "'mean' (over folds) or 'external'"),
        COHORT,
        FEATURES,
        number("rank", "mean over classifiers of the rank of its AUC among the feature sets, 1 is best", low=1),
        number("n", "classifiers", low=1),
    ],
    "pictures": [
        SUBJECT,
        Column("role", "what the cohort is for", values=ROLES, missing=True),
        Column("picture", "plane, or patch or reconstruction"),
        number("slice", "index of the slice shown, from 0", low=0),
        number("score", "number printed with the picture", missing=True),
        Column("meaning", "what the score is"),
    ],
    "new_predictions": [
        SUBJECT,
        STATUS,
        REASON,
        number(
            "baseline_volume_ml", "hematoma volume in the predicted mask; then one probability an outcome", **VOLUME
        ),
    ],
    "table1": [
        Column("cohort", "external cohort that stands beside the development cohort", missing=True),
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
    ],
    "shapiro": [
        OUTCOME,
        FEATURES,
        number("n", "AUCs: folds x classifiers", low=0),
        STATISTIC,
        P,
        Column("normal", "whether p is at least alpha", values=("yes", "no"), missing=True),
        NOTE,
    ],
    "friedman": [
        OUTCOME,
        COHORT,
        Column("fold", "'mean' (over folds) or 'external'"),
        number("treatments", "feature sets", low=0),
        number("blocks", "classifiers", low=0),
        STATISTIC,
        P,
        number("kendall_w", "Kendall's coefficient of concordance", **AUC),
        Column("significant", "whether p is below alpha", values=("yes", "no"), missing=True),
        NOTE,
    ],
    "wilcoxon": [
        OUTCOME,
        COHORT,
        Column("fold", "'mean' (over folds) or 'external'"),
        Column("first", "feature set", values=tuple(FEATURE_SETS)),
        Column("second", "feature set it is compared with", values=tuple(FEATURE_SETS)),
        number("median_difference", "median over classifiers of the AUC of the first minus the second", **GAP),
        number("blocks", "classifiers", low=0),
        number("nonzero", "classifiers with a difference", low=0),
        STATISTIC,
        P,
        number("p_bonferroni", "p after Bonferroni's correction over the pairs", **AUC),
        number("p_holm", "p after Holm's correction over the pairs", **AUC),
        number("p_bh", "p after Benjamini and Hochberg's correction over the pairs", **AUC),
        number("smallest_reachable_p", "smallest p that this number of classifiers allows", low=0, high=1),
        Column("friedman_significant", "whether Friedman's test allows the pair", values=("yes", "no"), missing=True),
        NOTE,
    ],
    "delong": [
        OUTCOME,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        FEATURES,
        CLASSIFIER,
        Column("features_reference", "feature set it is compared with"),
        Column("classifier_reference", "classifier of the reference"),
        number("auc", "AUC", **AUC),
        number("auc_reference", "AUC of the reference", **AUC),
        number("difference", "AUC minus AUC of the reference", **GAP),
        number("low", "lower limit (DeLong)", **GAP),
        number("high", "upper limit (DeLong)", **GAP),
        P,
        number("p_holm", "p after Holm's correction over the comparisons of the outcome and cohort", **AUC),
        number("p_bh", "p after Benjamini and Hochberg's correction, likewise", **AUC),
        number("bootstrap_low", "lower limit (bootstrap within each class)", **GAP),
        number("bootstrap_high", "upper limit (bootstrap within each class)", **GAP),
        number("n", "participants with both predictions", low=0),
        number("positives", "of them with the outcome", low=0),
        NOTE,
    ],
    "nadeau_bengio": [
        OUTCOME,
        FEATURES,
        Column("features_reference", "feature set it is compared with"),
        CLASSIFIER,
        number("folds", "folds with both AUCs", low=0),
        number("difference", "mean over folds of the AUC minus that of the reference", **GAP),
        number("low", "lower limit", missing=True),
        number("high", "upper limit", missing=True),
        number("t", "corrected t", missing=True),
        P,
        NOTE,
    ],
    "sex": [
        OUTCOME,
        COHORT,
        Column("fold", "'pooled' or 'external'"),
        FEATURES,
        CLASSIFIER,
        *[column for group in ("women", "men") for column in _subgroup(group)],
        number("difference", "AUC in women minus AUC in men", **GAP),
        number("low", "lower limit (DeLong, unpaired)", **GAP),
        number("high", "upper limit", **GAP),
        P,
        NOTE,
    ],
    "checks": [
        Column("kind", "what it guards", values=("leakage", "completeness", "plausibility", "truth")),
        Column("check", "what must hold"),
        Column("status", "whether it does", values=("passed", "failed", "skipped")),
        Column("found", "what was found"),
    ],
}
