"""Everybody and everything that should be in the results is there, once."""

from itertools import product

import pandas as pd

from ichdag.checks.finding import Finding, judge
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.names import CLASSIFIERS, FEATURE_SETS
from ichdag.repeats import repeat_of

COMPLETENESS = "completeness"


def completeness(
    *, participants: pd.DataFrame, folds: pd.DataFrame, predictions: pd.DataFrame, outcomes: list[str], count: int
) -> list[Finding]:
    """All completeness checks; the tables follow the schemas of their names, `count` is how many folds a repeat has."""
    folds, predictions = (table.assign(repeat=repeat_of(table["fold"], count=count)) for table in (folds, predictions))
    repeats = int(folds["repeat"].max()) + 1 if len(folds) else 1
    included = participants[participants["status"] == "included"]
    models = predictions[predictions["features"].isin(FEATURE_SETS)]
    return [
        _a_fold_for_each_outcome(included, folds, outcomes, repeats),
        _all_models(models, outcomes),
        _everybody_once(included, models, outcomes, repeats),
        _labels_agree(included, predictions, outcomes),
    ]


def _a_fold_for_each_outcome(included: pd.DataFrame, folds: pd.DataFrame, outcomes: list[str], repeats: int) -> Finding:
    """In every repeat."""
    development = included[included["role"] == "development"]
    faults, known = [], 0
    for outcome in outcomes:
        subjects = set(development.loc[development[outcome].notna(), "subject"])
        known += len(subjects)
        drawn = _pairs(folds[folds["outcome"] == outcome])
        lost = {subject for subject, repeat in product(subjects, range(repeats)) if (subject, repeat) not in drawn}
        faults += [f"{subject}, {outcome}" for subject in sorted(lost)]
    check = "every included development participant has a fold for each known outcome"
    return judge(COMPLETENESS, check, faults=faults, of=f"{known} known outcomes")


def _all_models(models: pd.DataFrame, outcomes: list[str]) -> Finding:
    wanted = [(outcome, features, name) for outcome in outcomes for features in FEATURE_SETS for name in CLASSIFIERS]
    present = set(models[["outcome", "features", "classifier"]].drop_duplicates().itertuples(index=False, name=None))
    faults = [", ".join(model) for model in wanted if model not in present]
    check = "every outcome has every feature set with every classifier"
    return judge(COMPLETENESS, check, faults=faults, of=f"{len(wanted)} models")


def _everybody_once(included: pd.DataFrame, models: pd.DataFrame, outcomes: list[str], repeats: int) -> Finding:
    """Development participants out of fold, external ones by the final model, wherever their outcome is known."""
    faults = []
    groups = dict(list(models.groupby(["outcome", "features", "classifier"], sort=False)))
    for (outcome, *model), part in groups.items():
        known = included[included[outcome].notna()] if outcome in outcomes else included[:0]
        outside = part["fold"] == EXTERNAL
        for role, rows, times in (("development", part[~outside], repeats), ("external", part[outside], 1)):
            wanted, found = set(product(known.loc[known["role"] == role, "subject"], range(times))), _pairs(rows)
            where = f"{outcome}, {', '.join(model)}, {role}"
            faults += [f"{where}: {len(rows) - len(found)} twice"] if len(rows) > len(found) else []
            faults += [f"{where}: {len(wanted ^ found)} lacking or not wanted"] if wanted != found else []
    check = "every model predicts each participant with a known outcome once"
    check += " in each repeat" if repeats > 1 else ""
    return judge(COMPLETENESS, check, faults=faults, of=f"{len(groups)} models, {len(models)} predictions")


def _pairs(table: pd.DataFrame) -> set[tuple[str, int]]:
    """Who is in which repeat."""
    return set(zip(table["subject"], table["repeat"], strict=True))


def _labels_agree(included: pd.DataFrame, predictions: pd.DataFrame, outcomes: list[str]) -> Finding:
    labels = included.melt("subject", outcomes, "outcome", "label").dropna().astype({"label": int})
    used = predictions[["subject", "outcome", "y_true"]].drop_duplicates()
    merged = used.merge(labels, on=["subject", "outcome"], how="left")
    wrong = merged[merged["y_true"] != merged["label"]]
    faults = (f"{row.subject}, {row.outcome}" for row in wrong.itertuples())
    check = "outcomes in the predictions are those of the cohort table"
    return judge(COMPLETENESS, check, faults=faults, of=f"{len(used)} outcomes of a participant")
