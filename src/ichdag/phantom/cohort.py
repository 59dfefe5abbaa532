"""The people of the synthetic study: traits of the bleed, covariates, outcomes, and who has faulty data."""

from typing import Any

import numpy as np
from scipy.stats import norm, qmc

from ichdag.phantom import Settings, subjects
from ichdag.phantom.outcomes import THRESHOLDS_ML, Chances, chances, draw_growth_ml, draw_mrs

TRAITS = ("volume", "irregularity", "heterogeneity", "rim", "age", "hours", "gcs", "nihss")
UNIFORMS = ("ivh", "expander", "growth", "poor", "grade", "sex", "site")
# The external cohort is older and bleeds more, as in the study's Table 1.
SHIFT = {
    "development": {"volume_ml": 11.0, "age": 62.0, "cohort": "trial", "sites": 6},
    "external": {"volume_ml": 17.0, "age": 68.0, "cohort": "registry", "sites": 1},
    "prediction": {"volume_ml": 17.0, "age": 68.0, "cohort": "clinic", "sites": 1},
}
# Even ones go to the development cohort, odd ones to the external one.
FAULTS = (
    "empty_scan",
    "wrong_units",
    "no_followup",
    "mask_off_grid",
    "truncated_file",
    "no_mrs",
    "no_followup_mask",
    "no_baseline_mask",
)


def draw_cohort(settings: Settings, *, seed: int) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Draw the participants sheet (a dict a row, None for n/a) and the truth by subject, from which scans are drawn."""
    roles = subjects(settings)
    sheet: list[dict[str, Any]] = []
    truth: dict[str, dict[str, Any]] = {}
    for number, role in enumerate(SHIFT):
        names = [subject for subject, own in roles.items() if own == role]
        if names:
            drawn = _draw_role(names, role=role, signal=settings.signal, seed=[seed, number])
            truth |= drawn
    for subject, fault in _faults(roles, settings.faulty, seed).items():
        truth[subject]["fault"] = fault
    sheet = [_row(subject, roles[subject], truth[subject]) for subject in roles]
    return sheet, truth


def _draw_role(names: list[str], *, role: str, signal: str, seed: list[int]) -> dict[str, dict[str, Any]]:
    """Truth of one role. Latin hypercube variates: each is uniform, and small cohorts still have both classes."""
    random = np.random.default_rng(seed)
    cube = qmc.LatinHypercube(d=len(TRAITS) + len(UNIFORMS), rng=random).random(len(names))
    traits = {name: norm.ppf(column) for name, column in zip(TRAITS, cube.T, strict=False)}
    uniform = dict(zip(UNIFORMS, cube.T[len(TRAITS) :], strict=False))
    traits["ivh"] = (uniform["ivh"] < 0.3).astype(float)
    chance = chances(traits, role=role, signal=signal)
    volume = np.clip(SHIFT[role]["volume_ml"] * np.exp(0.75 * traits["volume"]), 1, 80)
    growth = draw_growth_ml(chance, uniform=uniform["expander"], size=uniform["growth"])
    columns: dict[str, Any] = {f"trait_{name}": traits[name] for name in traits}
    columns |= {"volume_ml": volume, "followup_ml": np.maximum(volume + growth, 0.6 * volume)}
    columns |= {"mrs": draw_mrs(chance, uniform=uniform["poor"], grade=uniform["grade"])}
    columns |= {"sex": np.where(uniform["sex"] < 0.4, "F", "M"), "age": _age(traits, role), "ivh": traits["ivh"] == 1}
    columns |= {"gcs": np.clip(np.rint(13.5 - 1.2 * traits["volume"] + 1.5 * traits["gcs"]), 3, 15)}
    columns |= {"nihss": np.clip(np.rint(12 + 4 * traits["volume"] + 3 * traits["nihss"]), 0, 42)}
    columns |= {"hours": np.round(np.clip(2.5 * np.exp(0.6 * traits["hours"]), 0.3, 24), 1)}
    columns |= {"site": 1 + np.floor(uniform["site"] * SHIFT[role]["sites"]).astype(int), **_oracle(chance)}
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    rows = [dict(zip(columns, row, strict=True)) for row in values]
    return {
        name: row | {"role": role, "fault": None, "seed": [*seed, place]}
        for place, (name, row) in enumerate(zip(names, rows, strict=False))
    }


def _age(traits: dict[str, np.ndarray], role: str) -> np.ndarray:
    return np.clip(np.rint(SHIFT[role]["age"] + 13 * traits["age"]), 19, 97)


def _oracle(chance: Chances) -> dict[str, np.ndarray]:
    """The true probability of each outcome of the shipped config."""
    return {"oracle_poor_outcome": chance.poor} | {
        f"oracle_expansion_{limit}ml": chance.growth_above(limit) for limit in THRESHOLDS_ML
    }


def _faults(roles: dict[str, str], count: int, seed: int) -> dict[str, str]:
    """Who has which fault: kinds in turn, participants at random."""
    random = np.random.default_rng([seed, 99])
    waiting = {
        role: random.permutation([subject for subject, own in roles.items() if own == role]).tolist()
        for role in ("development", "external")
    }
    kinds = [(FAULTS[number % len(FAULTS)], ("development", "external")[number % 2]) for number in range(count)]
    return {waiting[role].pop(): kind for kind, role in kinds if waiting[role]}


def _row(subject: str, role: str, truth: dict[str, Any]) -> dict[str, Any]:
    """One row of the participants sheet; paths are relative to it."""
    fault, later = truth["fault"], role != "prediction"
    has = {
        "baseline_ct": True,
        "followup_ct": later and fault != "no_followup",
        "baseline_mask": later and fault != "no_baseline_mask",
        "followup_mask": later and fault not in ("no_followup", "no_followup_mask"),
    }
    row: dict[str, Any] = {"participant_id": f"sub-{subject}", "cohort": SHIFT[role]["cohort"], "role": role}
    row |= {name: f"sub-{subject}_{name}.nii.gz" if there else None for name, there in has.items()}
    row |= {"age": f"{truth['age']:.0f}" if truth["age"] < 89 else "89+", "sex": truth["sex"]}
    row |= {"gcs": int(truth["gcs"]), "nihss": int(truth["nihss"]), "onset_to_ct_hours": truth["hours"]}
    row |= {"site": f"{SHIFT[role]['cohort']}-{truth['site']}"}
    row |= {"mrs": truth["mrs"] if later and fault != "no_mrs" else None}
    return row | {name: value if later else None for name, value in truth.items() if name.startswith("oracle_")}
