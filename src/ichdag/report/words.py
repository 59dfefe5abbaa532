"""What the report says in words, all of it from the tables and settings of this run."""

from typing import Any

import pandas as pd

from ichdag.figures.choice import best_models
from ichdag.figures.names import classifier_name, features_name, outcome_name
from ichdag.report.cells import DASH, Table, p_value, rounded
from ichdag.report.tables import auc_of
from ichdag.schemas import COMPARATORS


def glance(metrics: pd.DataFrame, *, reference: str, caption: str) -> Table:
    """The main result: per outcome the best model by cross-validation, beside its comparators on external data."""
    comparators = [name for name in COMPARATORS if name in set(metrics["features"])]
    rows = []
    for best in best_models(metrics).itertuples(index=False):
        same = (best.outcome, reference, best.classifier)
        row = [outcome_name(best.outcome), f"{features_name(best.features)}, {classifier_name(best.classifier)}"]
        row += [auc_of(metrics, tuple(best), fold="pooled"), auc_of(metrics, tuple(best), fold="external")]
        row.append("is the best model" if best.features == reference else auc_of(metrics, same, fold="external"))
        row += [auc_of(metrics, (best.outcome, f, COMPARATORS[f]), fold="external") for f in comparators]
        rows.append(row)
    header = ["Outcome", "Best model", "AUC, cross-validation", "AUC, external"]
    header += [f"{features_name(reference)} alone, external"]
    header += [f"{features_name(name)}, external" for name in comparators]
    return Table("glance", "Main result", caption, header, rows, [False, False] + [True] * (len(header) - 2))


def headline(metrics: pd.DataFrame, *, delong: pd.DataFrame | None, reference: str) -> list[tuple[str, str]]:
    """The main result: each outcome with a sentence."""
    lines = []
    for best in best_models(metrics).itertuples(index=False):
        model, same = tuple(best), (best.outcome, reference, best.classifier)
        name = f"{features_name(best.features)} with {classifier_name(best.classifier)}"
        words = f"in cross-validation the best of the models was {name}, "
        words += f"AUC {auc_of(metrics, model, fold='pooled')}; on external participants it had "
        words += f"{auc_of(metrics, model, fold='external')}"
        if best.features != reference:
            words += f", and {features_name(reference).lower()} alone with the same classifier "
            words += auc_of(metrics, same, fold="external") + _tested(delong, model, reference)
        others = [
            f"{features_name(f).lower()} {auc_of(metrics, (best.outcome, f, c), fold='external', limits=False)}"
            for f, c in COMPARATORS.items()
            if f in set(metrics["features"])
        ]
        lines.append((outcome_name(best.outcome), words + (f" (for comparison: {', '.join(others)})." if others else ".")))
    return lines


def _tested(delong: pd.DataFrame | None, model: tuple[str, str, str], reference: str) -> str:
    """The DeLong test of a model against the reference on external data, where the table has it."""
    sides = [column for column in delong if column.startswith("features")] if delong is not None else []
    if len(sides) < 2 or "p" not in delong:
        return ""
    outcome, features, classifier = model
    rows = delong[(delong["outcome"] == outcome) & (delong["classifier"] == classifier)]
    if "fold" in rows:
        rows = rows[rows["fold"] == "external"]
    rows = rows[[{one, other} == {features, reference} for one, other in zip(rows[sides[0]], rows[sides[1]])]]
    return "".join(f" (DeLong p = {p_value(p)}, not corrected)".replace("= <", "<") for p in rows["p"].head(1))


def counts(participants: pd.DataFrame) -> list[str]:
    """How many participants each cohort has, and how many were analyzed."""
    return [
        f"{cohort} ({role}): {len(group)} enrolled, {int((group['status'] == 'included').sum())} analyzed"
        for (role, cohort), group in participants.groupby(["role", "cohort"], sort=True)
    ]


def methods(config: dict[str, Any], *, participants: pd.DataFrame, metrics: pd.DataFrame) -> list[tuple[str, str]]:
    """The methods paragraphs, titled, with the settings and numbers of this run."""
    outcomes = "; ".join(f"{outcome_name(name)} ({rule})" for name, rule in config["outcomes"].items())
    volumes = participants.loc[participants["status"] == "included", "volume_source"].value_counts()
    sources = ", ".join(f"{source} for {n}" for source, n in volumes.items()) or "not known"
    people = (
        f"{'. '.join(counts(participants))}. Outcomes: {outcomes}. Hematoma volumes were {sources} participants. "
        "A participant with a missing outcome is out of the analysis of that outcome alone."
    )
    evaluated = len(metrics[["outcome", "features", "classifier"]].drop_duplicates())
    return [
        ("Participants", people),
        ("Segmentation", _imaging(config)),
        ("Features", _features(config)),
        ("Models", _models(config)),
        ("Statistics", _statistics(config, evaluated=evaluated)),
    ]


def _imaging(config: dict[str, Any]) -> str:
    """Preprocessing and segmentation."""
    grids, network = config["preprocessing"], config["segmentation"]
    low, high = grids["window_hu"]
    return (
        f"Scans were windowed to {low} to {high} HU and resampled to two isotropic grids of "
        f"{grids['grid']}³ and {grids['grid'] // 2}³ voxels over {grids['field_of_view_mm']} mm. A residual U-Net with "
        f"one encoder per grid ({'-'.join(map(str, network['network']['channels']))} channels) and a single-scale variant were "
        f"trained for {network['training']['epochs']} epochs with Dice and cross-entropy loss, in {config['folds']}-fold "
        f"cross-validation and once on all development participants. Lesion masks of the analysis were "
        f"{network['masks']}: out-of-fold for development participants, the final network's for external ones."
        if network["masks"] == "predicted"
        else f"Scans were windowed to {low} to {high} HU and resampled to {grids['grid']}³ voxels; manual "
        "lesion masks were used in the analysis."
    )


def _features(config: dict[str, Any]) -> str:
    """Radiomics, latents and their reduction."""
    latent, rank = config["latent"], config["features"]["rank"]
    return (
        "Radiomic features were computed with pyradiomics on the scan's own grid. Segmentation latents are the "
        "last encoder stages of the final network. VAE-GAN latents are the means of a variational autoencoder with "
        f"adversarial loss, trained for {latent['training']['epochs']} epochs on {latent['patches']['size']}³ patches around the lesion mask "
        f"(dilated, structuring element {latent['patches']['dilation_size']}). Each of the three blocks was scaled to [0, 1] and "
        f"reduced to {rank} components by non-negative matrix factorization, fitted on the training part of each fold, or "
        "on all development participants for the external test; the 14 shape features were not reduced."
    )


def _models(config: dict[str, Any]) -> str:
    """Classifiers and validation."""
    chosen = config["classification"]
    names = ", ".join(classifier_name(name) for name in chosen["classifiers"])
    tuning = "library defaults beyond the settings below" if chosen["tuning"] == "none" else "settings chosen in inner folds"
    return (
        f"Seven feature sets were given to {len(chosen['classifiers'])} classifiers ({names}; {tuning}), in stratified "
        f"{config['folds']}-fold cross-validation and, refitted on the whole development cohort, once on each external "
        "cohort. The threshold of sensitivity, specificity, F1 and predictive values is Youden's on the training part. "
        f"Comparators: volume alone, and clinical data alone ({', '.join(chosen['clinical'])}), by logistic regression."
    )


def _statistics(config: dict[str, Any], *, evaluated: int) -> str:
    """Intervals and tests."""
    share = rounded(100 * config["evaluation"]["confidence"], 0)
    return (
        f"Intervals are {share}% (AUC and threshold metrics: {config['evaluation']['bootstrap']} bootstrap "
        f"draws where there is no closed form); {evaluated} combinations of outcome, features and classifier were "
        "evaluated. Feature sets were compared over classifiers by Friedman's test and, where it was significant "
        f"(p < {config['statistics']['alpha']}), pairwise by Wilcoxon's signed-rank test with Bonferroni, Holm and "
        "Benjamini-Hochberg correction; and at patient level against "
        f"{features_name(config['statistics']['reference']).lower()} by DeLong's test."
    )


def limits(config: dict[str, Any], *, metrics: pd.DataFrame) -> list[str]:
    """What this study cannot say, as far as its settings and tables show."""
    models = metrics[~metrics["features"].isin(COMPARATORS)][["features", "classifier"]].drop_duplicates()
    found = [
        f"The best model of each outcome is the best of {len(models)} in cross-validation, so its cross-validated AUC is "
        "optimistic; the external AUC was not used to choose it.",
        "Segmentation and VAE-GAN latents come from one final encoder for everybody, since latents of different networks "
        "share no axes. The encoders saw the images (never the outcomes) of development participants; external "
        "participants were never seen.",
        "With six classifiers as blocks the smallest two-sided Wilcoxon p-value is 0.031, so Bonferroni and Holm over 21 "
        "pairs can never be significant; the patient-level tests are the ones to read.",
        "AUCs of six classifiers on the same participants are not independent, which Friedman's test takes them to be.",
    ]
    if not config["radiomics"].get("drop_whole_image_diagnostics", True):
        found.append(
            "Three radiomic columns are gray-value statistics of the whole image and may carry the scanner rather than "
            "the patient (radiomics.drop_whole_image_diagnostics)."
        )
    if config["segmentation"]["masks"] == "manual":
        found.append("Radiomics and patches are from manual masks; a prediction for a new patient uses predicted ones.")
    if "external" not in set(metrics["fold"]):
        found.append("There is no external cohort: nothing here says how the models do elsewhere.")
    if "oracle" in set(metrics["features"]):
        found.insert(0, "The outcomes were drawn from known probabilities: this is a synthetic study, not evidence on patients.")
    smallest = metrics.loc[metrics["fold"].isin(["pooled", "external"]), "positives"].min()
    if pd.notna(smallest) and smallest < 50:
        found.append(f"The smallest number of events in an evaluation is {smallest:.0f}: intervals are wide.")
    return found


def verdict(checks: pd.DataFrame) -> str:
    """How the checks of the results ended."""
    tally = checks["status"].value_counts()
    return ", ".join(f"{tally.get(name, 0)} {name}" for name in ("passed", "failed", "skipped")) if len(tally) else DASH
