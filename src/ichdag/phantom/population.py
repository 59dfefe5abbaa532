"""Draw traits and covariates of the cohorts; variates are random for each participant but stratified in a block."""

from dataclasses import dataclass

import numpy as np

from ichdag.phantom.normal_distribution import normal_quantile

# Participants are drawn in blocks with seeds of their own, so that a larger study contains the smaller one unchanged.
BLOCK = 20
TRAITS = ("volume", "irregularity", "heterogeneity", "rim", "age", "severity", "hours", "nihss", "ventricular")
UNIFORMS = ("sex", "site")
GOLDEN_RATIO = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Population:
    """One cohort: its name, number of sites, means of traits (in standard deviations of development), prevalences."""

    cohort: str
    sites: int
    means: dict[str, float]
    poor: float
    expander: float
    growth_above_9ml: float


# As in the study's Table 1, external patients bleed and expand more, and are older and more severely ill.
# ASSUME: sizes of the shift; the text of the paper gives directions only.
POPULATIONS = {
    "development": Population("trial", 6, {}, poor=0.40, expander=0.36, growth_above_9ml=0.19),
    "external": Population(
        "registry",
        2,
        {"volume": 0.6, "age": 0.45, "severity": 0.4, "hours": 0.6},
        poor=0.50,
        expander=0.47,
        growth_above_9ml=0.29,
    ),
    "prediction": Population(
        "clinic",
        1,
        {"volume": 0.6, "age": 0.45, "severity": 0.4, "hours": 0.6},
        poor=0.50,
        expander=0.47,
        growth_above_9ml=0.29,
    ),
}


def draw_traits(random: np.random.Generator, *, role: str) -> dict[str, np.ndarray]:
    """Draw independent traits of a block, each (BLOCK,): normal with unit variance around the cohort's mean.

    Latin hypercube sampling: each value has exactly its distribution, and a block covers it evenly.
    """
    means = POPULATIONS[role].means
    return {name: means.get(name, 0.0) + normal_quantile(stratified_uniform(random)) for name in TRAITS}


def stratified_uniform(random: np.random.Generator) -> np.ndarray:
    """Draw uniform variates (BLOCK,), one in each twentieth of the unit interval, in random order."""
    return (random.permutation(BLOCK) + random.random(BLOCK)) / BLOCK


def stratified_by_risk(random: np.random.Generator, risk: np.ndarray) -> np.ndarray:
    """Draw uniform variates (n,), stratified by risk: golden-ratio steps from a random start in order of risk.

    Each variate alone is uniform, so that stated probabilities hold exactly. The number of events in a block is close
    to the sum of its risks, so that small studies have both classes.
    """
    ranks = np.empty(len(risk))
    ranks[np.argsort(risk, kind="stable")] = np.arange(len(risk))
    return (random.random() + ranks * GOLDEN_RATIO) % 1


def clinical_covariates(traits: dict[str, np.ndarray], *, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Derive covariates and volume (mL), each (BLOCK,): GCS and NIHSS depend on volume, severity and IVH."""
    volume = traits["volume"]
    severity = traits["severity"]
    ivh = has_ventricular_blood(traits)
    return {
        "volume_ml": np.clip(11.0 * np.exp(0.85 * volume), 1.0, 80.0),
        "ivh": ivh,
        "age": np.clip(np.rint(62 + 13 * traits["age"]), 19, 97),
        "sex": np.where(stratified_uniform(random) < 0.4, "F", "M"),
        "gcs": np.clip(np.rint(13.4 - 1.0 * volume - 1.6 * severity - 0.8 * ivh), 3, 15),
        "nihss": np.clip(np.rint(11 + 3.5 * volume + 3.0 * severity + 2.0 * traits["nihss"]), 0, 42),
        "hours": np.round(np.clip(2.2 * np.exp(0.55 * traits["hours"]), 0.3, 24), 1),
    }


def has_ventricular_blood(traits: dict[str, np.ndarray]) -> np.ndarray:
    """Return who has intraventricular hemorrhage, (BLOCK,) bool: 30 % of the development cohort."""
    return traits["ventricular"] > normal_quantile(0.7)
