"""How the masks were cut out of probabilities, and what choosing that on scored scans does to the scores."""

from collections.abc import Mapping
from typing import Any

from ichdag.numerals import numeral
from ichdag.report.cells import rounded

GRID = "on the networks' grid"


def cleanup_words(cleanup: Mapping[str, Any], *, settings: Mapping[str, Any]) -> str:
    """Where threshold and smallest part of the masks come from; `cleanup` is what was chosen, `settings` config's."""
    pair = f"threshold ({numeral(cleanup['threshold'])}) and the smallest part that is kept"
    pair = f"The {pair} ({numeral(cleanup['smallest_component_ml'])} mL) of the masks"
    if cleanup["chosen"] == "given":
        return f"{pair} are those of the settings."
    scores = _scores(cleanup)
    found = f"{rounded(scores[_pair(cleanup)], 3)} {GRID}"
    if _pair(settings) in scores:
        found += f", {rounded(scores[_pair(settings)], 3)} with the pair given in the settings ({_told(settings)})"
    return (
        f"{pair} were chosen among {len(scores)} pairs by the mean Dice of the dual-scale network on the scans of the "
        f"training list, each segmented by the network of its own fold: {found}."
    )


def cleanup_limit(cleanup: Mapping[str, Any], *, settings: Mapping[str, Any], tested: bool) -> list[str]:
    """What that does to the cross-validated scores, nothing where nothing was chosen; `tested`: on external scans."""
    if cleanup["chosen"] == "given":
        return []
    scores = _scores(cleanup)
    size = (
        f"the pair given in the settings ({_told(settings)}) is not among the candidates, so by how much is not known"
    )
    if _pair(settings) in scores:
        gain = rounded(scores[_pair(cleanup)] - scores[_pair(settings)], 3)
        size = f"the choice gained {gain} there over the pair given in the settings"
    outside = "; external scans took no part in the choice" if tested else ""
    return [
        "Cross-validated Dice, surface distances and volumes of the masks are of the scans that their threshold and "
        f"smallest part were chosen on, and so somewhat optimistic, the dual-scale network's most: {size}{outside}."
    ]


def _scores(cleanup: Mapping[str, Any]) -> dict[tuple[float, float], float]:
    return {_pair(candidate): candidate["dice"] for candidate in cleanup["candidates"]}


def _pair(values: Mapping[str, Any]) -> tuple[float, float]:
    return values["threshold"], values["smallest_component_ml"]


def _told(settings: Mapping[str, Any]) -> str:
    return f"{numeral(settings['threshold'])}, {numeral(settings['smallest_component_ml'])} mL"
