"""The cards of every fitted object, each known by stage and folder, and none under the name of another."""

from collections.abc import Mapping
from pathlib import Path

from ichdag.jobs import StudyError
from ichdag.models import Card, read_card

NAMES = {"latent/vaegan": "lesion VAE-GAN"}  # whose card has another name than its folder


def read_cards(files: Mapping[str, str | Path]) -> dict[str, Card]:
    """The model cards, given and returned by stage and folder, such as `features/poor_outcome_0_radiomics`.

    Raises StudyError if a card says that it is of another model: whom that one was fitted on proves nothing here.
    """
    cards = {}
    for name, path in files.items():
        card = read_card(path)
        expected = NAMES.get(name, name.partition("/")[2])
        if card.name.replace(" ", "_") != expected.replace(" ", "_"):
            raise StudyError(f"{path} should be the card of {expected} and is that of {card.name}: make the model anew")
        cards[name] = card
    return cards
