"""Phantom: a synthetic study with known truth - heads, bleeds, follow-ups, covariates, outcomes, some of it faulty."""

from dataclasses import dataclass

SIGNALS = ("study", "null", "shape", "texture", "rim")
LETTERS = {"development": "D", "external": "E", "prediction": "P"}


@dataclass(frozen=True)
class Settings:
    """Who is in the synthetic study; meanings and units in config/schemas/phantom.schema.json."""

    development: int
    external: int
    prediction: int
    faulty: int
    signal: str


def subjects(settings: Settings) -> dict[str, str]:
    """The role of each subject, by id; ids follow from the counts alone."""
    counts = {role: getattr(settings, role) for role in LETTERS}
    return {f"{LETTERS[role]}{number:04d}": role for role in LETTERS for number in range(1, counts[role] + 1)}
