"""Fill reporting checklists (TRIPOD+AI, CLEAR) from this run; items for the authors to answer stay blank."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ichdag.figures.display_names import classifier_name, outcome_name
from ichdag.persons import describe_repeat_participants
from ichdag.report.formatting import format_number
from ichdag.report.handcrafted import class_words, grid_words
from ichdag.report.main_result import counts, events, has_external, split_of

TITLES = {
    "checklist_tripod_ai": "TRIPOD+AI (Collins et al. 2024)",
    "checklist_clear": "CLEAR, for radiomics (Kocak et al. 2023)",
}
WEIGHTS = {
    "none": "Classes were not weighted; probabilities were not recalibrated",
    "balanced": "Both classes of a training part had the same weight in every fit; probabilities were not recalibrated",
}
WITH_EXTERNAL = {
    "applied": ", fitted again on all, applied once to each external cohort",
    "apart": "; external cohorts separately",
    "predicted": "The frozen final model was applied to external participants; nothing was fitted on them",
    "clusters": "Each external cohort is evaluated separately; sites within a cohort are not modeled",
    "by_cohort": "For each external cohort in Table S2",
    "technique": "Cross-validation, and each external cohort once",
    "outside": "; for external participants, on all out-of-fold predictions",
}
WITHOUT_EXTERNAL = {
    "applied": "; there is no external cohort",
    "apart": "; there is no external cohort",
    "predicted": "Out-of-fold, by the model that was not fitted on the participant; there is no external cohort",
    "clusters": "There is one cohort; sites within it are not modeled",
    "by_cohort": "There is one cohort",
    "technique": "Cross-validation alone; there is no external cohort",
    "outside": "",
}
FITTED = (
    "the networks of both blocks of latents (the final segmentation network, the VAE-GAN) are trained once, without "
    "outcomes, on scans and masks of the development participants of all folds"
)
CLEANUP_TEXT = {"given": "", "cv": "; so are threshold and smallest component of the masks chosen"}
MASKS = {"predicted": "predicted, out-of-fold for development participants", "manual": "manual"}


@dataclass(frozen=True)
class Checklist:
    """A checklist to show: name (its anchor), title, number of open items, and items as rows of text and links."""

    name: str
    title: str
    open: int
    items: list[dict[str, Any]]


def fill(items: pd.DataFrame, *, facts: dict[str, str]) -> pd.DataFrame:
    """Fill the checklist with the answers of this study; an item without an answer stays blank, for the authors.

    `items` and the result follow the schemas checklist_tripod_ai or checklist_clear, `facts` as from `facts_of`.
    """
    answers = items["answer"].map(lambda text: text.format(**facts), na_action="ignore")
    return items.assign(answer=answers)


def facts_of(
    config: dict[str, Any], *, participants: pd.DataFrame, metrics: pd.DataFrame, radiomics: dict[str, Any]
) -> dict[str, str]:
    """Collect the facts for the answers from settings, tables and radiomics statement of this run."""
    classification = config["classification"]
    repeated_persons = ", ".join(describe_repeat_participants(participants).values())
    return {
        "radiomics": grid_words(radiomics),
        "classes": class_words(radiomics),
        "fitted": FITTED + CLEANUP_TEXT[config["segmentation"]["cleanup"]["chosen"]],
        "persons": f"; {repeated_persons}, whom intervals and tests treat as independent" if repeated_persons else "",
        "outcomes": "; ".join(f"{outcome_name(name)} ({rule})" for name, rule in config["outcomes"].items()),
        "enrolled": "; ".join(counts(participants)),
        "events": events(metrics),
        "split": split_of(metrics),
        "folds": f"{config['repeats']} x {config['folds']}" if config["repeats"] > 1 else str(config["folds"]),
        "classifiers": ", ".join(classifier_name(name) for name in classification["classifiers"]),
        "tuning": "none" if classification["tuning"] == "none" else "grid, nested in the training part",
        "weights": WEIGHTS[classification["class_weights"]],
        "clinical": ", ".join(classification["clinical"]) or "none",
        "masks": MASKS[config["segmentation"]["masks"]],
        "rank": str(config["features"]["rank"]),
        "grid": str(config["preprocessing"]["grid"]),
        "parameters": config["radiomics"]["parameters"],
        "confidence": format_number(100 * config["evaluation"]["confidence"], 0),
        "seed": str(config["seed"]),
    } | (WITH_EXTERNAL if has_external(metrics) else WITHOUT_EXTERNAL)


def make_checklist(frame: pd.DataFrame, *, name: str) -> Checklist:
    """Create a checklist for the page; the places of an item become links to sections of the page."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    items = [row | {"where": (row["where"] or "").split()} for row in rows]
    return Checklist(name, TITLES[name], int(frame["answer"].isna().sum()), items)
