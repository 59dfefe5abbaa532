"""Check that the results are complete, without duplicates."""

from itertools import product

import pandas as pd

from ichdag.checks.finding import Finding, make_finding
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.evaluation.prediction_groups import EXTERNAL
from ichdag.repeats import repeat_of_fold

COMPLETENESS = "completeness"


def completeness(
    *, participants: pd.DataFrame, folds: pd.DataFrame, predictions: pd.DataFrame, outcomes: list[str], count: int
) -> list[Finding]:
    """Run all completeness checks; tables follow the schemas of their names, `count` is folds per repeat."""
    folds, predictions = (
        table.assign(repeat=repeat_of_fold(table["fold"], count=count)) for table in (folds, predictions)
    )
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
    """Check the folds of every repeat."""
    development = included[included["role"] == "development"]
    faults = []
    count = 0
    for outcome in outcomes:
        subjects = set(development.loc[development[outcome].notna(), "subject"])
        count += len(subjects)
        assigned = _pairs(folds[folds["outcome"] == outcome])
        missing = {
            subject for subject, repeat in product(subjects, range(repeats)) if (subject, repeat) not in assigned
        }
        faults += [f"{subject}, {outcome}" for subject in sorted(missing)]
    check = "every included development participant has a fold for each known outcome"
    return make_finding(COMPLETENESS, check, faults=faults, of=f"{count} known outcomes")


def _all_models(models: pd.DataFrame, outcomes: list[str]) -> Finding:
    expected = [(outcome, features, name) for outcome in outcomes for features in FEATURE_SETS for name in CLASSIFIERS]
    present = set(models[["outcome", "features", "classifier"]].drop_duplicates().itertuples(index=False, name=None))
    faults = [", ".join(model) for model in expected if model not in present]
    check = "every outcome has every feature set with every classifier"
    return make_finding(COMPLETENESS, check, faults=faults, of=f"{len(expected)} models")


def _everybody_once(included: pd.DataFrame, models: pd.DataFrame, outcomes: list[str], repeats: int) -> Finding:
    """Check development participants out of fold, external ones by the final model, if their outcome is known."""
    faults = []
    groups = dict(list(models.groupby(["outcome", "features", "classifier"], sort=False)))
    for (outcome, *model), model_rows in groups.items():
        with_outcome = included[included[outcome].notna()] if outcome in outcomes else included[:0]
        is_external = model_rows["fold"] == EXTERNAL
        for role, rows, times in (
            ("development", model_rows[~is_external], repeats),
            ("external", model_rows[is_external], 1),
        ):
            expected, present = (
                set(product(with_outcome.loc[with_outcome["role"] == role, "subject"], range(times))),
                _pairs(rows),
            )
            where = f"{outcome}, {', '.join(model)}, {role}"
            faults += [f"{where}: {len(rows) - len(present)} twice"] if len(rows) > len(present) else []
            faults += [f"{where}: {len(expected ^ present)} lacking or not wanted"] if expected != present else []
    check = "every model predicts each participant with a known outcome once"
    check += " in each repeat" if repeats > 1 else ""
    return make_finding(COMPLETENESS, check, faults=faults, of=f"{len(groups)} models, {len(models)} predictions")


def _pairs(table: pd.DataFrame) -> set[tuple[str, int]]:
    """Collect the pairs of subject and repeat."""
    return set(zip(table["subject"], table["repeat"], strict=True))


def _labels_agree(included: pd.DataFrame, predictions: pd.DataFrame, outcomes: list[str]) -> Finding:
    labels = included.melt("subject", outcomes, "outcome", "label").dropna().astype({"label": int})
    used = predictions[["subject", "outcome", "y_true"]].drop_duplicates()
    merged = used.merge(labels, on=["subject", "outcome"], how="left")
    wrong = merged[merged["y_true"] != merged["label"]]
    faults = (f"{row.subject}, {row.outcome}" for row in wrong.itertuples())
    check = "outcomes in the predictions are those of the cohort table"
    return make_finding(COMPLETENESS, check, faults=faults, of=f"{len(used)} outcomes of a participant")
