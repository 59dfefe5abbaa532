"""How outcomes of the synthetic study come about: stated probabilities of what the scan shows, in closed form."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

# What each signal setting lets the outcome depend on: weights of the standardized traits in the score.
WEIGHTS = {
    "study": {"volume": 1.2, "irregularity": 0.8, "heterogeneity": 1.2, "rim": 1.0, "hours": -0.5},
    "null": {},
    "shape": {"volume": 1.8, "irregularity": 1.6},
    "texture": {"heterogeneity": 2.6},
    "rim": {"rim": 2.6},
}
EXPANDER_INTERCEPT = {"development": -1.2, "external": -0.6, "prediction": -1.2}
POOR_INTERCEPT = {"development": -0.6, "external": -0.1, "prediction": -0.6}
GROWTH_LOG_MEAN = 2.3
GROWTH_LOG_SLOPE = 0.15
GROWTH_LOG_SD = 0.55
STABLE_GROWTH_ML = (-0.5, 2.0)
THRESHOLDS_ML = (3, 6, 9)


@dataclass(frozen=True)
class Chances:
    """Probabilities of one role's participants, each (n,): of an expander, of mRS > 3; and the log mean of growth."""

    expander: np.ndarray
    poor: np.ndarray
    growth_log_mean: np.ndarray

    def growth_above(self, threshold_ml: float) -> np.ndarray:
        """P(growth > threshold), (n,), for thresholds of 2 mL and more: expanders grow log-normally, others less."""
        return self.expander * norm.sf(np.log(threshold_ml), self.growth_log_mean, GROWTH_LOG_SD)


def chances(traits: dict[str, np.ndarray], *, role: str, signal: str) -> Chances:
    """Probabilities that follow from the standardized traits, each (n,), under one signal setting."""
    weights = WEIGHTS[signal]
    count = len(traits["volume"])
    score = sum((weight * traits[name] for name, weight in weights.items()), np.zeros(count))
    clinical = 0.6 * traits["age"] + 0.8 * (traits["ivh"] - 0.3) if signal == "study" else np.zeros(count)
    slope = GROWTH_LOG_SLOPE * score
    poor = expit(POOR_INTERCEPT[role] + 0.8 * score + clinical)
    return Chances(expit(EXPANDER_INTERCEPT[role] + score), poor, GROWTH_LOG_MEAN + slope)


def draw_growth_ml(chance: Chances, *, uniform: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Follow-up minus baseline volume (n,), from two uniform variates a participant: whether it grows, and how much."""
    grown = np.exp(norm.ppf(size, chance.growth_log_mean, GROWTH_LOG_SD))
    low, high = STABLE_GROWTH_ML
    return np.where(uniform < chance.expander, grown, low + (high - low) * size)


def draw_mrs(chance: Chances, *, uniform: np.ndarray, grade: np.ndarray) -> np.ndarray:
    """Modified Rankin Scale (n,): 4-6 with the probability of a poor outcome, else 0-3."""
    return np.where(uniform < chance.poor, 4 + np.floor(grade * 3), np.floor(grade * 4)).astype(int)
