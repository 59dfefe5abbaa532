"""Whether the reduced features are the least-squares weights that they are said to be."""

from collections.abc import Mapping

from ichdag.checks.finding import Finding, judge
from ichdag.models import Card
from ichdag.numerals import numeral

FEATURES = "features"
ROUNDING = 1e-6  # of the squared norm of the training matrix, which may be of single precision


def reductions(*, cards: Mapping[str, Card]) -> Finding:
    """The weights of every reduction's training rows fit them at least as well as those found while fitting.

    `cards` has every model card by stage and folder; those of the features stage are asked.
    """
    scores = {name: card.scores for name, card in cards.items() if name.startswith(f"{FEATURES}/")}
    pairs = {name: (own["relative_error_transformed"], own["relative_error"]) for name, own in scores.items()}
    faults = [
        f"{name.partition('/')[2]}: {numeral(transformed, 3)} is left, {numeral(fitted, 3)} by the fit"
        for name, (transformed, fitted) in pairs.items()
        if transformed**2 > fitted**2 + ROUNDING
    ]
    check = "reduced features of training rows leave no more than the fitted factorization left"
    return judge(FEATURES, check, faults=faults, of=f"{len(scores)} reductions")
