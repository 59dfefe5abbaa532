"""Describe how masks were made from probabilities, and the bias of choosing this on the scored scans."""

from collections.abc import Mapping
from typing import Any

from ichdag.number_format import format_plain
from ichdag.report.formatting import format_number

GRID = "on the networks' grid"


def cleanup_words(cleanup: Mapping[str, Any], *, settings: Mapping[str, Any]) -> str:
    """Describe the origin of threshold and smallest component; `cleanup` is what was chosen, `settings` the config."""
    pair = f"threshold ({format_plain(cleanup['threshold'])}) and the smallest component that is kept"
    pair = f"The {pair} ({format_plain(cleanup['min_component_ml'])} mL) of the masks"
    if cleanup["chosen"] == "given":
        return f"{pair} are those of the settings."
    scores = _scores(cleanup)
    dice = f"{format_number(scores[_pair(cleanup)], 3)} {GRID}"
    if _pair(settings) in scores:
        given = format_number(scores[_pair(settings)], 3)
        dice += f", {given} with the pair given in the settings ({_pair_text(settings)})"
    return (
        f"{pair} were chosen among {len(scores)} pairs by the mean Dice of the dual-scale network on the scans of the "
        f"training list, each segmented by the network of its own fold: {dice}."
    )


def cleanup_limit(cleanup: Mapping[str, Any], *, settings: Mapping[str, Any], tested: bool) -> list[str]:
    """Describe the bias of cross-validated scores; empty if nothing was chosen; `tested`: there are external scans."""
    if cleanup["chosen"] == "given":
        return []
    scores = _scores(cleanup)
    given = f"the pair given in the settings ({_pair_text(settings)})"
    effect = f"{given} is not among the candidates, so the size of the bias is not known"
    if _pair(settings) in scores:
        gain = format_number(scores[_pair(cleanup)] - scores[_pair(settings)], 3)
        effect = f"the choice increased Dice by {gain} there compared with the pair given in the settings"
    external = "; external scans were not used for the choice" if tested else ""
    return [
        "Cross-validated Dice, surface distances and volumes of the masks were measured on the scans on which "
        "threshold and smallest component were chosen, and so are somewhat optimistic, most of all for the dual-scale "
        f"network: {effect}{external}."
    ]


def _scores(cleanup: Mapping[str, Any]) -> dict[tuple[float, float], float]:
    return {_pair(candidate): candidate["dice"] for candidate in cleanup["candidates"]}


def _pair(values: Mapping[str, Any]) -> tuple[float, float]:
    return values["threshold"], values["min_component_ml"]


def _pair_text(settings: Mapping[str, Any]) -> str:
    return f"{format_plain(settings['threshold'])}, {format_plain(settings['min_component_ml'])} mL"
