"""Read the cards of every fitted model by stage and folder, and check their names."""

from collections.abc import Mapping
from pathlib import Path

from ichdag.jobs import StudyError
from ichdag.models import ModelCard, read_card

NAMES = {"latent/vaegan": "lesion VAE-GAN"}  # the card has another name than its folder


def read_cards(files: Mapping[str, str | Path]) -> dict[str, ModelCard]:
    """Read model cards by stage and folder, such as `features/poor_outcome_0_radiomics`.

    Raises StudyError if a card is that of another model: its training subjects would prove nothing.
    """
    cards = {}
    for name, path in files.items():
        card = read_card(path)
        expected = NAMES.get(name, name.partition("/")[2])
        if card.name.replace(" ", "_") != expected.replace(" ", "_"):
            raise StudyError(f"{path} should be the card of {expected} and is that of {card.name}: make the model anew")
        cards[name] = card
    return cards
