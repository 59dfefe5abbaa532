"""What each feature block contributed to the predictions of one classifier: its share of SHAP, and the AUC lost."""

from collections.abc import Mapping

import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.explanation import Settings
from ichdag.explanation.attribution import attribute, sample_rows
from ichdag.explanation.folds import attribute_folds, held_out
from ichdag.explanation.permutation import block_losses
from ichdag.explanation.shares import block_shares


def explain_model(
    model: Pipeline,
    *,
    classifier: str,
    tested: pd.DataFrame,
    y_true: pd.Series,
    background: pd.DataFrame,
    settings: Settings,
    seed: int,
) -> pd.DataFrame:
    """Columns of schema shap from block on, for a model and the participants it was not fitted on.

    SHAP values are of at most `settings.patients` of them; the AUC is over all whose label `y_true` has.
    """
    rows = sample_rows(tested, count=settings.patients, seed=seed)
    names = {"classifier": classifier, "rows": rows, "background": background}
    shares = block_shares(
        attribute(model, **names, settings=settings, seed=seed).values,
        columns=list(tested),
        settings=settings,
        seed=seed,
    )
    return _beside(shares, block_losses({"": (model, tested)}, y_true=y_true, settings=settings, seed=seed))


def explain_folds(
    models: Mapping[str, Pipeline],
    *,
    designs: Mapping[str, pd.DataFrame],
    people: pd.DataFrame,
    classifier: str,
    settings: Settings,
    seed: int,
) -> pd.DataFrame:
    """The same columns out of fold; `people` has fold and y_true by subject, `models` and `designs` are by fold."""
    how = {"settings": settings, "seed": seed}
    values = attribute_folds(models, designs=designs, folds=people.fold, classifier=classifier, **how)
    shares = block_shares(values, columns=list(next(iter(designs.values()))), **how)
    parts = held_out(models, designs=designs, folds=people.fold)
    return _beside(shares, block_losses(parts, y_true=people.y_true, **how))


def _beside(shares: pd.DataFrame, losses: pd.DataFrame) -> pd.DataFrame:
    """Shares and losses of the same blocks in one table, with the notes of both."""
    found = shares.merge(losses, on="block", suffixes=("_shares", "_losses"))
    notes = found[["note_shares", "note_losses"]]
    words = ["; ".join(note for note in row if isinstance(note, str)) or None for row in notes.to_numpy()]
    return found.drop(columns=list(notes)).assign(note=pd.Series(words, index=found.index, dtype=object))
