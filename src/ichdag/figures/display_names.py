"""Names for readers of outcomes, feature sets, classifiers, blocks, folds and metrics."""

import re

FEATURES = {
    "radiomics": "Radiomics",
    "shape": "Shape only",
    "segmentation": "U-Net latents",
    "vaegan": "VAE-GAN latents",
    "segmentation+vaegan": "U-Net + VAE-GAN",
    "radiomics+segmentation+vaegan": "Radiomics + U-Net + VAE-GAN",
    "shape+segmentation+vaegan": "Shape + U-Net + VAE-GAN",
    "volume": "Volume alone",
    "clinical": "Clinical data alone",
    "oracle": "Oracle (true probability)",
}
CLASSIFIERS = {
    "random_forest": "Random forest",
    "xgboost": "XGBoost",
    "naive_bayes": "Naive Bayes",
    "extra_trees": "Extra trees",
    "elastic_net": "Elastic net",
    "svm": "SVM",
    "logistic": "Logistic regression",
    "known": "Known",
}
FOLDS = {"pooled": "Cross-validation", "mean": "Mean over folds", "external": "External"}
METRICS = {
    "auc": "AUC",
    "f1": "F1",
    "ppv": "PPV",
    "npv": "NPV",
    "slope": "Calibration slope",
    "intercept": "Calibration intercept",
}


def outcome_name(outcome: str) -> str:
    """Name an outcome for readers: 'poor_outcome' is Poor outcome, 'expansion_3ml' is Expansion > 3 mL."""
    words = re.sub(r"_(\d+)ml$", r" > \1 mL", outcome).replace("_", " ")
    return words[:1].upper() + words[1:]


def variable_name(variable: str) -> str:
    """Name a column of the cohort table for readers: 'gcs' is GCS, 'baseline_volume_ml' is Baseline volume (mL)."""
    if variable in ("gcs", "nihss", "mrs"):
        return variable.upper().replace("MRS", "mRS")
    name = re.sub(r"_(ml|hours|years)$", lambda unit: f" ({unit[1].replace('ml', 'mL')})", variable)
    return outcome_name(name)


def features_name(features: str) -> str:
    """Name a feature set, a block or a comparator for readers."""
    return FEATURES.get(features, features)


def classifier_name(classifier: str) -> str:
    """Name a classifier for readers."""
    return CLASSIFIERS.get(classifier, classifier.replace("_", " "))


def fold_name(fold: str) -> str:
    """Name a fold for readers."""
    return FOLDS.get(fold, f"Fold {fold}")


def metric_name(metric: str) -> str:
    """Name a metric for readers."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize())
