"""Check that the reduced features are least-squares weights."""

from collections.abc import Mapping

from ichdag.checks.finding import Finding, make_finding
from ichdag.models import ModelCard
from ichdag.number_format import format_plain

FEATURES = "features"
ROUNDING = 1e-6  # of the squared norm of the training matrix, which may be of single precision


def reductions(*, cards: Mapping[str, ModelCard]) -> Finding:
    """Check that the weights of training rows fit at least as well as the weights of the fit, for every reduction.

    `cards` has every model card by stage and folder; those of the features stage are used.
    """
    scores = {name: card.scores for name, card in cards.items() if name.startswith(f"{FEATURES}/")}
    pairs = {
        name: (card_scores["relative_error_transformed"], card_scores["relative_error"])
        for name, card_scores in scores.items()
    }
    faults = [
        f"{name.partition('/')[2]}: {format_plain(transformed, 3)} is left, {format_plain(fitted, 3)} by the fit"
        for name, (transformed, fitted) in pairs.items()
        if transformed**2 > fitted**2 + ROUNDING
    ]
    check = "reduced features of training rows leave no more than the fitted factorization left"
    return make_finding(FEATURES, check, faults=faults, of=f"{len(scores)} reductions")
