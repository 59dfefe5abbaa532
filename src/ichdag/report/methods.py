"""Write methods and limits in words, from the settings and tables of this run."""

from typing import Any

import pandas as pd

from ichdag.constants import COMPARATORS
from ichdag.figures.display_names import classifier_name, features_name, metric_name, outcome_name
from ichdag.persons import describe_repeat_participants
from ichdag.report.formatting import format_number
from ichdag.report.handcrafted import grid_words, radiomics_words
from ichdag.report.main_result import counts, events, has_external, split_of
from ichdag.report.mask_cleanup import cleanup_words
from ichdag.report.simulations import simulation_words


def methods(
    config: dict[str, Any],
    *,
    participants: pd.DataFrame,
    metrics: pd.DataFrame,
    radiomics: dict[str, Any] | None = None,
    cleanup: dict[str, Any] | None = None,
) -> list[tuple[str, str]]:
    """Write the titled methods paragraphs, with the settings and numbers of this run.

    `radiomics` is the statement of the radiomics, `cleanup` what was chosen for the masks.
    """
    outcomes = "; ".join(f"{outcome_name(name)} ({rule})" for name, rule in config["outcomes"].items())
    volumes = participants.loc[participants["status"] == "included", "volume_source"].value_counts()
    sources = ", ".join(f"{source} for {n}" for source, n in volumes.items()) or "not known"
    participants_text = (
        f"{'. '.join(counts(participants))}. Outcomes: {outcomes}. Hematoma volumes were {sources} participants. "
        "A participant with a missing outcome is excluded from the analysis of that outcome only."
    )
    cleanup_texts = [cleanup_words(cleanup, settings=config["segmentation"])] if cleanup else []
    return [
        ("Participants", participants_text),
        ("Segmentation", " ".join([_imaging(config, tested=has_external(metrics)), *cleanup_texts])),
        *([("Radiomics", radiomics_words(radiomics))] if radiomics else []),
        ("Features", _features(config, tested=has_external(metrics), radiomics=radiomics)),
        ("Models", _models(config, metrics=metrics)),
        ("Statistics", _statistics(config, metrics=metrics, persons=describe_repeat_participants(participants))),
    ]


def _imaging(config: dict[str, Any], *, tested: bool) -> str:
    """Describe preprocessing and segmentation; `tested` says whether there is an external cohort."""
    grids = config["preprocessing"]
    settings = config["segmentation"]
    low, high = grids["window_hu"]
    channels = "-".join(map(str, settings["network"]["channels"]))
    epochs = settings["training"]["epochs"]
    masks = {
        "predicted": "predicted: out-of-fold for development participants"
        + (", by the final network for external ones" if tested else ""),
        "manual": "manual",
    }
    return (
        f"Scans were windowed to {low} to {high} HU and resampled to two isotropic grids of {grids['grid']}³ and "
        f"{grids['grid'] // 2}³ voxels over {grids['field_of_view_mm']} mm. A residual U-Net with one encoder per grid "
        f"({channels} channels) and a single-scale variant were trained for {epochs} epochs with Dice and "
        f"cross-entropy loss, in {config['folds']}-fold cross-validation and once on all development participants. "
        f"Lesion masks of the analysis were {masks[settings['masks']]}."
    )


def _features(config: dict[str, Any], *, tested: bool, radiomics: dict[str, Any] | None) -> str:
    """Describe radiomics, latents and their reduction; without the statement `radiomics` the grid is not described."""
    grid = f" {grid_words(radiomics)}" if radiomics else ""
    shapes = f"the {radiomics['shape']} shape features" if radiomics else "shape features"
    purpose = "external test" if tested else "final models"
    patches = config["latent"]["patches"]
    epochs = config["latent"]["training"]["epochs"]
    return (
        f"Radiomic features were computed with pyradiomics{grid}. Segmentation latents are the last "
        "encoder stages of the final network. VAE-GAN latents are the means of a variational autoencoder with "
        f"adversarial loss, trained for {epochs} epochs on {patches['size']}³ patches around the lesion mask (dilated, "
        f"structuring element {patches['dilation_size']}). Each of the three blocks was scaled to [0, 1] and reduced "
        f"to {config['features']['rank']} components by non-negative matrix factorization, fitted on the training part "
        f"of each fold, or on all development participants for the {purpose}; {shapes} were not reduced."
    )


def _models(config: dict[str, Any], *, metrics: pd.DataFrame) -> str:
    """Describe classifiers and validation."""
    chosen = config["classification"]
    names = ", ".join(classifier_name(name) for name in chosen["classifiers"])
    tuning = (
        "library defaults beyond the settings below" if chosen["tuning"] == "none" else "settings chosen in inner folds"
    )
    beyond = (
        " and, refitted on the whole development cohort, once on each external cohort. "
        if has_external(metrics)
        else "; there is no external cohort to test the final models on. "
    )
    return (
        f"Seven feature sets were given to {len(chosen['classifiers'])} classifiers ({names}; {tuning}), in "
        f"{config['folds']}-fold cross-validation {split_of(metrics)}{_repeated(config)}{beyond}"
        f"{_balance(chosen, metrics)} The threshold "
        "for sensitivity, specificity, F1 and predictive values was chosen by Youden's index: for a fold, on inner "
        "out-of-fold predictions of its training part (random forest: out-of-bag predictions); for external "
        "participants, on all out-of-fold predictions. The probability of the SVM never decreases with its decision "
        "value; if the inner folds suggest a decrease, all probabilities are nearly equal, in the order of the "
        "decision values. "
        f"Comparators: volume alone, and clinical data alone ({', '.join(chosen['clinical'])}), by logistic regression."
    )


def _repeated(config: dict[str, Any]) -> str:
    """Describe the repeats of the cross-validation, if any."""
    if config["repeats"] == 1:
        return ""
    return (
        f", done {config['repeats']} times with different folds (metrics of pooled folds were computed within each "
        "repeat and averaged; to compare, resample or bin participants, each has the mean of the repeats' "
        "probabilities)"
    )


def _balance(settings: dict[str, Any], metrics: pd.DataFrame) -> str:
    """Describe the number of events, and class weights."""
    weights = {
        "none": "classes were not weighted",
        "balanced": "both classes of a training part had the same weight in every fit",
    }
    return f"{events(metrics)}; {weights[settings['class_weights']]}."


def _statistics(config: dict[str, Any], *, metrics: pd.DataFrame, persons: dict[str, str]) -> str:
    """Describe intervals and tests; `persons` has a text by role if some participants are the same person."""
    evaluated = len(metrics[["outcome", "features", "classifier"]].drop_duplicates())
    confidence = format_number(100 * config["evaluation"]["confidence"], 0)
    draws = config["evaluation"]["bootstrap"]
    return (
        f"{evaluated} combinations of outcome, features and classifier were evaluated. Intervals are {confidence}% "
        f"({_interval_methods(metrics)}; {draws} bootstrap draws). {_persons(persons)}{_shared_training(config)}"
        f"{_primary(metrics, persons)}The AUC of the best model of each outcome was corrected for the choice by "
        "bootstrap bias-corrected cross-validation (Tsamardinos 2018). Feature sets were compared over "
        f"classifiers by Friedman's test and, where it was significant (p < {config['statistics']['alpha']}), pairwise "
        "by Wilcoxon's signed-rank test with Bonferroni, Holm and Benjamini-Hochberg correction; and at patient level "
        f"against {features_name(config['statistics']['reference']).lower()} by DeLong's test. "
        "Because the classifiers share their patients, Friedman's and Wilcoxon's tests find differences too often; "
        "therefore p-values of mean AUCs over classifiers by resampling patients (multiplier bootstrap) are reported "
        "beside them. Effect sizes are "
        "Kendall's W, the rank-biserial correlation and the common-language effect size (pingouin). "
        "Women and men were compared by the unpaired DeLong test, and by the interaction of sex with the logit of the "
        "predicted probability in a logistic regression of the outcome."
    )


def _shared_training(config: dict[str, Any]) -> str:
    """Describe the correction for training participants that folds share, and its cost."""
    words = (
        "For pooled or averaged folds of a cross-validation, the variance of an AUC and of a difference of AUCs was "
        "multiplied by a factor, because the models of the folds share training participants: "
    )
    bound = format_number(1 + config["folds"] / (config["folds"] - 1))
    if config["repeats"] > 1:
        return words + (
            "the factor was estimated for each of them from the repeats; it is 1 if the predictions of a participant "
            f"are the same in all repeats, and at most {bound} if they depend on who was in the training part. "
            f"{simulation_words('two repeats')} "
        )
    return words + (
        f"{bound} (1 + folds x n_test / n_train; Nadeau and Bengio), which is about right if there is no signal and "
        f"too large if there is one. {simulation_words('one cross-validation')} With two or more repeats (setting "
        "repeats) the factor is estimated. "
    )


def _persons(persons: dict[str, str]) -> str:
    """Say that some participants are the same person, if so."""
    if not persons:
        return ""
    return f"{', '.join(persons.values())}: intervals and tests treat them as independent, and so are too narrow. "


def _primary(metrics: pd.DataFrame, persons: dict[str, str]) -> str:
    """Name the primary comparison."""
    if has_external(metrics):
        holds = "so that the plain DeLong test is valid there"
        if "external" in persons:
            holds = "but the plain DeLong test assumes that they are independent and finds differences too often there"
        return (
            f"The primary comparison is that on external participants: no model was fitted on them, {holds}; "
            "comparisons in cross-validation are secondary. "
        )
    return "There is no external cohort, so all comparisons are in cross-validation and none is confirmatory. "


def _interval_methods(metrics: pd.DataFrame) -> str:
    """List the metrics by kind of interval."""
    if "interval" not in metrics:
        return "their kinds were not recorded"
    kinds = metrics[["interval", "metric"]].dropna().drop_duplicates()
    kinds = kinds[kinds["interval"] != "none"].groupby("interval")["metric"].agg(list)
    named = {"delong": "DeLong", "delong-corrected": "DeLong, corrected"}
    return "; ".join(
        f"{named.get(kind, kind.capitalize())}: {', '.join(map(metric_name, names))}" for kind, names in kinds.items()
    )


def limits(config: dict[str, Any], *, metrics: pd.DataFrame) -> list[str]:
    """List the limits of this study that follow from its settings and tables."""
    external = has_external(metrics)
    models = metrics[~metrics["features"].isin(COMPARATORS)][["features", "classifier"]].drop_duplicates()
    statements = [
        f"The best model of each outcome is the best of {len(models)} in cross-validation, so its cross-validated AUC "
        "is optimistic. The correction beside it removes most of this bias but not all, because the models are not "
        "fitted again in each resample"
        f"{'; the external AUC was not used to choose it and needs no correction' if external else ''}.",
        "The latents of all participants come from one final encoder of each network, because the latents of different "
        "networks cannot be compared. The encoders were trained on images of development participants, without outcomes"
        f"{'; they were never trained on external participants' if external else ''}.",
        "With six classifiers as blocks the smallest possible two-sided Wilcoxon p-value is 0.031, so after Bonferroni "
        "or Holm correction over 21 pairs no difference can be significant; the patient-level tests should be used.",
        "Intervals of cross-validated AUCs allow for the training participants that folds share; those of the other "
        "cross-validated metrics do not, and are somewhat too narrow.",
        "Friedman's and Wilcoxon's tests assume independent blocks, but the AUCs of six classifiers on the same "
        "participants are not independent: if there is no difference, Friedman's test is still significant in half of "
        "the studies or more (size). The p-values by patient should be used.",
    ]
    if not config["radiomics"].get("drop_whole_image_diagnostics", True):
        statements.append(
            "Three radiomic columns are gray-value statistics of the whole image and may describe the scanner rather "
            "than the patient (radiomics.drop_whole_image_diagnostics)."
        )
    if config["segmentation"]["masks"] == "manual":
        statements.append(
            "Radiomics and patches are from manual masks, but a prediction for a new patient uses predicted masks."
        )
    if not external:
        statements.append("There is no external cohort: this study does not show how the models perform elsewhere.")
    if "oracle" in set(metrics["features"]):
        statements.insert(
            0, "The outcomes were drawn from known probabilities: this is a synthetic study, not evidence on patients."
        )
    min_events = metrics.loc[metrics["fold"].isin(["pooled", "external"]), "positives"].min()
    if pd.notna(min_events) and min_events < 50:
        statements.append(f"The smallest number of events in an evaluation is {min_events:.0f}: intervals are wide.")
    return statements
