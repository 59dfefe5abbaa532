"""Outcomes of the synthetic study: known probabilities, in closed form, given the traits that the scan shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from ichdag.phantom.normal_distribution import bisect, logistic, normal_cdf, normal_quantile
from ichdag.phantom.population import POPULATIONS

# Weights of the traits in the two scores, for each signal setting.
EXPANSION_WEIGHTS = {
    "study": {"volume": 1.3, "heterogeneity": 1.3, "irregularity": 0.8, "rim": 0.6, "hours": -0.5},
    "null": {},
    "shape": {"volume": 1.6, "irregularity": 1.6},
    "texture": {"heterogeneity": 2.25},
    "rim": {"rim": 2.25},
}
POOR_WEIGHTS = {
    "study": {"volume": 1.6, "age": 1.0, "severity": 0.9, "heterogeneity": 0.8, "ventricular": 0.6},
    "null": {},
    "shape": {"volume": 1.6, "irregularity": 1.6},
    "texture": {"heterogeneity": 2.25},
    "rim": {"rim": 2.25},
}
GROWTH_LOG_SLOPE = 0.25
GROWTH_LOG_SD = 0.75
STABLE_GROWTH_ML = 2.0
LARGEST_GROWTH_ML = 45.0
THRESHOLD_EXPRESSION = re.compile(r"\s*(mrs|expansion_ml)\s*>\s*(\d+(?:\.\d+)?)\s*")
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()


@dataclass(frozen=True)
class OutcomeProbabilities:
    """For each participant, (n,): probability of expansion and of mRS > 3, and mean log growth of expanders."""

    expander: np.ndarray
    poor: np.ndarray
    growth_log_mean: np.ndarray

    def growth_above(self, threshold_ml: float) -> np.ndarray:
        """Return P(growth > threshold), (n,), for 2 to 45 mL: expanders grow log-normally, others less than 2 mL."""
        return self.expander * normal_cdf((self.growth_log_mean - np.log(threshold_ml)) / GROWTH_LOG_SD)

    def mrs_above(self, grade: float) -> np.ndarray:
        """Return P(mRS > grade), (n,): 4 to 6 are equally likely after a poor outcome, 0 to 3 after a good one."""
        whole = np.clip(np.floor(grade), -1, 6)
        return self.poor * (6 - whole) / 3 if whole >= 3 else self.poor + (1 - self.poor) * (3 - whole) / 4


@dataclass(frozen=True)
class Intercepts:
    """Intercepts with which a cohort has its prevalences, for one signal setting."""

    expander: float
    poor: float
    growth_log_mean: float


def outcome_probabilities(traits: dict[str, np.ndarray], *, role: str, signal: str) -> OutcomeProbabilities:
    """Return the outcome probabilities given the traits, each (n,), for one signal setting."""
    intercepts = solve_intercepts(role, signal)
    expansion = _score(EXPANSION_WEIGHTS[signal], traits)
    poor = _score(POOR_WEIGHTS[signal], traits)
    log_mean = intercepts.growth_log_mean + GROWTH_LOG_SLOPE * expansion
    return OutcomeProbabilities(logistic(intercepts.expander + expansion), logistic(intercepts.poor + poor), log_mean)


@cache
def solve_intercepts(role: str, signal: str) -> Intercepts:
    """Solve for the intercepts with which a cohort has its prevalences; scores are normal, so by quadrature."""
    target = POPULATIONS[role]
    expansion = _population_scores(EXPANSION_WEIGHTS[signal], role)
    poor = _population_scores(POOR_WEIGHTS[signal], role)
    expander = bisect(
        lambda shift: NODE_WEIGHTS @ logistic(shift + expansion), target=target.expander, low=-20, high=20
    )
    share = NODE_WEIGHTS * logistic(expander + expansion)

    def above_9ml(mean: float) -> float:
        return share @ normal_cdf((mean + GROWTH_LOG_SLOPE * expansion - np.log(9)) / GROWTH_LOG_SD)

    log_mean = bisect(above_9ml, target=target.growth_above_9ml, low=-5, high=10)
    shift = bisect(lambda shift: NODE_WEIGHTS @ logistic(shift + poor), target=target.poor, low=-20, high=20)
    return Intercepts(expander, shift, log_mean)


def oracle_probabilities(probabilities: OutcomeProbabilities, *, outcomes: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return the true probability, (n,), of each outcome `mrs > n` or `expansion_ml > n` (n from 2 to 45 mL)."""
    oracle = {}
    for name, expression in outcomes.items():
        match = THRESHOLD_EXPRESSION.fullmatch(expression)
        if match and match[1] == "mrs":
            oracle[name] = probabilities.mrs_above(float(match[2]))
        elif match and STABLE_GROWTH_ML <= float(match[2]) < LARGEST_GROWTH_ML:
            oracle[name] = probabilities.growth_above(float(match[2]))
    return oracle


def draw_growth_ml(probabilities: OutcomeProbabilities, *, uniform: np.ndarray) -> np.ndarray:
    """Draw follow-up minus baseline volume (mL), (n,): the smaller the uniform variate, the more growth."""
    share = np.clip(uniform / probabilities.expander, 1e-9, 1 - 1e-9)
    grown = np.exp(probabilities.growth_log_mean - GROWTH_LOG_SD * normal_quantile(share))
    rest = (1 - uniform) / (1 - probabilities.expander)
    return np.where(uniform < probabilities.expander, np.minimum(grown, LARGEST_GROWTH_ML), STABLE_GROWTH_ML * rest)


def draw_mrs(probabilities: OutcomeProbabilities, *, uniform: np.ndarray) -> np.ndarray:
    """Draw the modified Rankin Scale (n,): 4 to 6 with the probability of a poor outcome, else 0 to 3."""
    poor = 6 - np.floor(3 * uniform / probabilities.poor)
    good = 3 - np.floor(4 * (uniform - probabilities.poor) / (1 - probabilities.poor))
    return np.where(uniform < probabilities.poor, np.clip(poor, 4, 6), np.clip(good, 0, 3)).astype(int)


def _score(weights: dict[str, float], traits: dict[str, np.ndarray]) -> np.ndarray:
    """Return the score of each participant, (n,)."""
    return sum((weight * traits[name] for name, weight in weights.items()), np.zeros(len(traits["volume"])))


def _population_scores(weights: dict[str, float], role: str) -> np.ndarray:
    """Return the score at the nodes of the quadrature over a cohort."""
    means = POPULATIONS[role].means
    mean = sum(weight * means.get(name, 0.0) for name, weight in weights.items())
    return mean + NODES * np.sqrt(sum(weight**2 for weight in weights.values()))
