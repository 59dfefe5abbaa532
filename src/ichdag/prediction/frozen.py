"""The frozen model: one folder with networks, reductions, classifiers and the settings they were made with."""

import shutil
from pathlib import Path
from typing import Any

from ichdag.models import Card, read_card, write_card
from ichdag.names import BLOCKS, FEATURE_SETS

PARAMETERS = "radiomics.yaml"


def freeze(
    folder: str | Path,
    *,
    networks: dict[str, tuple[str, str]],
    reductions: dict[str, tuple[str, str]],
    classifiers: dict[str, tuple[str, str]],
    parameters: str | Path,
    settings: dict[str, Any],
) -> Card:
    """Copy the parts into a folder and write its card; each part is a pair of file and card, by name.

    `networks` has segmentation and vaegan, `reductions` the blocks, `classifiers` the outcomes; `settings` are those of
    every stage on the way, with the feature set as settings['features'].
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [block for block in BLOCKS if block in FEATURE_SETS[settings["features"]]]
    kinds = {"network": networks, "reduction": {block: reductions[block] for block in wanted}, "outcome": classifiers}
    cards = {}
    for kind, parts in kinds.items():
        for name, (file, card) in parts.items():
            shutil.copy(file, folder / f"{kind}_{name}{Path(file).suffix}")
            shutil.copy(card, folder / f"{kind}_{name}.json")
            cards[f"{kind}_{name}"] = read_card(card)
    shutil.copy(parameters, folder / PARAMETERS)
    subjects = sorted({subject for card in cards.values() for subject in card.subjects})
    limits = {"outcomes": list(classifiers), "smallest_lesion_ml": settings["cohort"]["smallest_lesion_ml"]}
    card = Card("frozen", settings, subjects, limits, {name: card.scores for name, card in cards.items()})
    write_card(card, folder / "card.json")
    return card
