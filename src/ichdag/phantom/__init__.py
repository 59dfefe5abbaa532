"""Phantom: a synthetic study with known truth - heads, bleeds, follow-ups, covariates, outcomes, some of it faulty."""

from dataclasses import dataclass

SIGNALS = ("study", "null", "shape", "texture", "rim")
ID_PREFIXES = {"development": "D", "external": "E", "prediction": "P"}


@dataclass(frozen=True)
class PhantomSettings:
    """Who is in the synthetic study; meanings and units in config/schemas/phantom.schema.json."""

    development: int
    external: int
    prediction: int
    faulty: int
    signal: str


def phantom_subjects(settings: PhantomSettings) -> dict[str, str]:
    """The role of each subject, by id; ids follow from the counts alone."""
    counts = {role: getattr(settings, role) for role in ID_PREFIXES}
    return {f"{ID_PREFIXES[role]}{number:04d}": role for role in ID_PREFIXES for number in range(1, counts[role] + 1)}
