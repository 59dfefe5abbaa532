"""Reporting checklists (TRIPOD+AI, CLEAR): filled from what really ran, blank where a person must answer."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ichdag.figures.names import classifier_name, outcome_name
from ichdag.persons import repeated
from ichdag.report.cells import rounded
from ichdag.report.handcrafted import class_words, grid_words
from ichdag.report.summary import counts, events, has_external, split_of

TITLES = {
    "checklist_tripod_ai": "TRIPOD+AI (Collins et al. 2024)",
    "checklist_clear": "CLEAR, for radiomics (Kocak et al. 2023)",
}
WEIGHTS = {
    "none": "No class was weighted, probabilities were not recalibrated",
    "balanced": "Both classes of a training part had the same weight in every fit; probabilities were not recalibrated",
}
TESTED = {
    "applied": ", refit on all, applied once to each external cohort",
    "apart": "; external cohorts apart",
    "predicted": "The frozen final model was applied to external participants, nothing was fitted",
    "clusters": "Each external cohort is evaluated by itself; sites within a cohort are not modeled",
    "by_cohort": "Per external cohort in Table S2",
    "technique": "Cross-validation, and each external cohort once",
    "outside": "; of external participants, on all out-of-fold predictions",
}
UNTESTED = {
    "applied": "; there is no external cohort",
    "apart": "; there is no external cohort",
    "predicted": "Out of fold, by the model of the fold that did not see the participant; there is no external cohort",
    "clusters": "There is one cohort; sites within it are not modeled",
    "by_cohort": "There is one cohort",
    "technique": "Cross-validation alone; there is no external cohort",
    "outside": "",
}
FITTED = (
    "the networks behind both blocks of latents (the final segmentation network, the VAE-GAN) are trained once, on "
    "scans and masks, never outcomes, of the development participants of all folds"
)
CHOSEN = {"given": "", "cv": "; so are threshold and smallest part of the masks chosen"}
MASKS = {"predicted": "predicted, out of fold for development participants", "manual": "manual"}


@dataclass(frozen=True)
class Checklist:
    """A checklist to show: name (its anchor), title, how many items are open, its items as rows of text and links."""

    name: str
    title: str
    open: int
    items: list[dict[str, Any]]


def fill(items: pd.DataFrame, *, facts: dict[str, str]) -> pd.DataFrame:
    """The checklist with what this study answers; an item without an answer stays blank, for the authors.

    `items` and the result follow the schemas checklist_tripod_ai or checklist_clear, `facts` as from `facts_of`.
    """
    answers = items["answer"].map(lambda text: text.format(**facts), na_action="ignore")
    return items.assign(answer=answers)


def facts_of(
    config: dict[str, Any], *, participants: pd.DataFrame, metrics: pd.DataFrame, radiomics: dict[str, Any]
) -> dict[str, str]:
    """What the answers are filled with, from settings and tables of this run and the statement of the radiomics."""
    chosen, twice = config["classification"], ", ".join(repeated(participants).values())
    return {
        "radiomics": grid_words(radiomics),
        "classes": class_words(radiomics),
        "fitted": FITTED + CHOSEN[config["segmentation"]["cleanup"]["chosen"]],
        "persons": f"; {twice}, whom intervals and tests treat as independent" if twice else "",
        "outcomes": "; ".join(f"{outcome_name(name)} ({rule})" for name, rule in config["outcomes"].items()),
        "enrolled": "; ".join(counts(participants)),
        "events": events(metrics),
        "split": split_of(metrics),
        "folds": f"{config['repeats']} x {config['folds']}" if config["repeats"] > 1 else str(config["folds"]),
        "classifiers": ", ".join(classifier_name(name) for name in chosen["classifiers"]),
        "tuning": "none" if chosen["tuning"] == "none" else "grid, nested in the training part",
        "weights": WEIGHTS[chosen["class_weights"]],
        "clinical": ", ".join(chosen["clinical"]) or "none",
        "masks": MASKS[config["segmentation"]["masks"]],
        "rank": str(config["features"]["rank"]),
        "grid": str(config["preprocessing"]["grid"]),
        "parameters": config["radiomics"]["parameters"],
        "confidence": rounded(100 * config["evaluation"]["confidence"], 0),
        "seed": str(config["seed"]),
    } | (TESTED if has_external(metrics) else UNTESTED)


def shown(frame: pd.DataFrame, *, name: str) -> Checklist:
    """A filled checklist for the page: where an item is shown becomes links to the page's own sections."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    items = [row | {"where": (row["where"] or "").split()} for row in rows]
    return Checklist(name, TITLES[name], int(frame["answer"].isna().sum()), items)
