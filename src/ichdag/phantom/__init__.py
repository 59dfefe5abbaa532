"""Phantom: a synthetic study with known truth: heads, hemorrhages, follow-up, covariates, outcomes, faulty data."""

from dataclasses import dataclass

SIGNALS = ("study", "null", "shape", "texture", "rim")
ID_PREFIXES = {"development": "D", "external": "E", "prediction": "P"}


@dataclass(frozen=True)
class PhantomSettings:
    """Numbers of participants and signal; meanings and units in config/schemas/phantom.schema.json."""

    development: int
    external: int
    prediction: int
    faulty: int
    signal: str


def phantom_subjects(settings: PhantomSettings) -> dict[str, str]:
    """Return the role of each subject, by id; the ids depend only on the numbers of participants."""
    counts = {role: getattr(settings, role) for role in ID_PREFIXES}
    return {f"{ID_PREFIXES[role]}{number:04d}": role for role in ID_PREFIXES for number in range(1, counts[role] + 1)}
