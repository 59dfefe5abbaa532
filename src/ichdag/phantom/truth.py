"""What is true of one participant: traits, covariates, probabilities, outcomes, and the fault of its data."""

from functools import cache
from typing import Any

import numpy as np

from ichdag.phantom import ID_PREFIXES
from ichdag.phantom.corruption import FAULTS
from ichdag.phantom.outcome_model import draw_growth_ml, draw_mrs, oracle_probabilities, outcome_probabilities
from ichdag.phantom.population import (
    BLOCK,
    POPULATIONS,
    clinical_covariates,
    draw_traits,
    stratified_by_risk,
    stratified_uniform,
)

Truth = dict[str, Any]


def draw_truth(subject: str, *, signal: str, faulty: int, seed: int, outcomes: dict[str, str]) -> Truth:
    """Draw the truth of one participant, from which its scans are drawn; how many others there are does not matter.

    `outcomes` are the study's expressions by name; each that reads mRS or expansion gets its true probability.
    """
    role = next(role for role, letter in ID_PREFIXES.items() if subject.startswith(letter))
    place = int(subject.removeprefix(ID_PREFIXES[role]))
    block, row = divmod(place - 1, BLOCK)
    drawn = _draw_block((seed, list(ID_PREFIXES).index(role), block), role, signal, tuple(outcomes.items()))
    return {"role": role, "place": place, "fault": _assign_fault(role, place, faulty)} | drawn[row]


@cache
def _draw_block(seed: tuple[int, ...], role: str, signal: str, outcomes: tuple[tuple[str, str], ...]) -> list[Truth]:
    """Truth of one block of people; latent traits, probabilities and what was drawn from them are all kept."""
    random = np.random.default_rng(seed)
    traits = draw_traits(random, role=role)
    chance = outcome_probabilities(traits, role=role, signal=signal)
    seen = clinical_covariates(traits, random=random)
    growth = draw_growth_ml(chance, uniform=stratified_by_risk(random, chance.expander))
    columns = {f"trait_{name}": values for name, values in traits.items()} | seen
    columns |= {"site": 1 + np.floor(stratified_uniform(random) * POPULATIONS[role].sites).astype(int)}
    columns |= {"growth_ml": growth, "followup_ml": seen["volume_ml"] + growth}
    columns |= {"mrs": draw_mrs(chance, uniform=stratified_by_risk(random, chance.poor))}
    columns |= {
        f"oracle_{name}": values for name, values in oracle_probabilities(chance, outcomes=dict(outcomes)).items()
    }
    lists = {name: values.tolist() for name, values in columns.items()}
    return [{"seed": [*seed, row]} | {name: values[row] for name, values in lists.items()} for row in range(BLOCK)]


def _assign_fault(role: str, place: int, faulty: int) -> str | None:
    """Every second participant, of the two cohorts by turns, has the next kind of fault, until there are enough."""
    sides = ("development", "external")
    if role not in sides or place % 2:
        return None
    number = place - 2 + sides.index(role)
    return FAULTS[number % len(FAULTS)] if number < faulty else None
