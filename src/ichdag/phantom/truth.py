"""Draw the truth of one participant: traits, covariates, probabilities, outcomes, and the fault of its data."""

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
    """Draw the truth of one participant, from which its scans are drawn, whatever the number of participants.

    `outcomes` are the expressions of the study by name; those of mRS or expansion get their true probability.
    """
    role = next(role for role, letter in ID_PREFIXES.items() if subject.startswith(letter))
    number = int(subject.removeprefix(ID_PREFIXES[role]))
    block, row = divmod(number - 1, BLOCK)
    rows = _draw_block((seed, list(ID_PREFIXES).index(role), block), role, signal, tuple(outcomes.items()))
    return {"role": role, "place": number, "fault": _assign_fault(role, number, faulty)} | rows[row]


@cache
def _draw_block(seed: tuple[int, ...], role: str, signal: str, outcomes: tuple[tuple[str, str], ...]) -> list[Truth]:
    """Draw the truth of one block of participants: latent traits, probabilities, and what is drawn from them."""
    random = np.random.default_rng(seed)
    traits = draw_traits(random, role=role)
    probabilities = outcome_probabilities(traits, role=role, signal=signal)
    covariates = clinical_covariates(traits, random=random)
    growth = draw_growth_ml(probabilities, uniform=stratified_by_risk(random, probabilities.expander))
    columns = {f"trait_{name}": values for name, values in traits.items()} | covariates
    columns |= {"site": 1 + np.floor(stratified_uniform(random) * POPULATIONS[role].sites).astype(int)}
    columns |= {"growth_ml": growth, "followup_ml": covariates["volume_ml"] + growth}
    columns |= {"mrs": draw_mrs(probabilities, uniform=stratified_by_risk(random, probabilities.poor))}
    columns |= {
        f"oracle_{name}": values
        for name, values in oracle_probabilities(probabilities, outcomes=dict(outcomes)).items()
    }
    lists = {name: values.tolist() for name, values in columns.items()}
    return [{"seed": [*seed, row]} | {name: values[row] for name, values in lists.items()} for row in range(BLOCK)]


def _assign_fault(role: str, number: int, faulty: int) -> str | None:
    """Return the fault: every second participant, alternating between the two cohorts, has the next one in turn."""
    roles = ("development", "external")
    if role not in roles or number % 2:
        return None
    index = number - 2 + roles.index(role)
    return FAULTS[index % len(FAULTS)] if index < faulty else None
