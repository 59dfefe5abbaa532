"""Small tables of a made-up study that follow the schemas; one cohort has a name that would break a careless page."""

from itertools import combinations

import numpy as np
import pandas as pd

from ichdag.constants import CLASSIFIERS, COMPARATORS, FEATURE_SETS
from ichdag.evaluation.schemas import BEST as CHOSEN
from ichdag.segmentation.schemas import SCORES

OUTCOMES = ["poor_outcome", "expansion_3ml"]
NASTY = "Site <script>alert(1)</script> & Co"
COHORTS = {"pooled": "Trial", "mean": "Trial", "external": NASTY}
MODELS = [(features, classifier) for features in FEATURE_SETS for classifier in CLASSIFIERS]
BEST = ("vaegan", "svm")
ROLES = {"d": "development", "e": "external"}
LESIONS = (0, 1, 0, 0, 0, 0, 1, 0, 0)  # found, missed, false; below 1 mL, 1 to 10 mL, above


def study(*, oracle: bool = True) -> dict[str, pd.DataFrame]:
    """Every table the figures and the report read, by name. The best model by cross-validation is BEST."""
    models = MODELS + [pair for pair in COMPARATORS.items() if oracle or pair[0] != "oracle"]
    return {
        "participants": participants(),
        "flow": flow(),
        "scores": scores(),
        "curves": curves(),
        "comparison": pd.DataFrame(
            [("external", "participants", "dice", 0.8, 0.78, 0.02, 0.7, 0.04, 0.001, 22)],
            columns=[
                "role",
                "unit",
                "score",
                "dual",
                "single",
                "difference",
                "better",
                "p",
                "smallest_reachable_p",
                "n",
            ],
        ),
        "reconstruction": pd.DataFrame(
            [("external", model, n, 0.05, 0.07, 22) for model, n in (("vaegan", 4096), ("pca", 40), ("mean", 0))],
            columns=["role", "model", "latents", "mae", "rmse", "n"],
        ),
        "metrics": metrics(models),
        "best": pd.DataFrame(
            [(outcome, *BEST, 42, 0.8, 0.72, 0.58, 0.86, 40, 12, None) for outcome in OUTCOMES],
            columns=CHOSEN.column_names,
        ),
        "calibration": calibration(models),
        "decision": decision(models),
        "shap": shap(),
        "components": pd.DataFrame({"component": [0, 0], "rank": [1, 2], "feature": ["a", "b"], "weight": [0.6, 0.4]}),
        "checks": checks(),
    } | statistics()


def participants() -> pd.DataFrame:
    """Six participants in two cohorts, one of them excluded."""
    rows = [
        (f"{role[0]}{place}", COHORTS[fold], role, "included", None, None, 20.0 + place, "manual")
        for role, fold in (("development", "pooled"), ("external", "external"))
        for place in range(3)
    ]
    rows[2] = (*rows[2][:3], "excluded", "cohort", NASTY, None, None)
    names = ["subject", "cohort", "role", "status", "stage", "reason", "baseline_volume_ml", "volume_source"]
    return pd.DataFrame(rows, columns=names).assign(followup_volume_ml=30.0, expansion_ml=5.0)


def flow() -> pd.DataFrame:
    """Steps of both cohorts, with nine reasons in the first: more than the figure has room for."""
    rows = []
    for role, fold in (("development", "pooled"), ("external", "external")):
        own = (COHORTS[fold], role)
        rows.append((*own, "enrolled", None, None, 60))
        rows += [(*own, "excluded", None, f"cohort: reason {n}", n) for n in range(1, 10 if fold == "pooled" else 3)]
        rows.append((*own, "included", None, None, 15))
        for outcome in OUTCOMES:
            rows += [
                (*own, "with outcome", outcome, None, 14),
                (*own, "with event", outcome, None, 6),
                (*own, "without outcome", outcome, "follow-up: no scan in the sheet", 1),
            ]
    return pd.DataFrame(rows, columns=["cohort", "role", "step", "outcome", "reason", "n"])


def scores() -> pd.DataFrame:
    """Dice of six participants by both networks; one has no manual mask."""
    dice = {"d0": 0.8, "d1": 0.9, "d2": 0.7, "d3": None, "e0": 0.5, "e1": 0.7}
    rows = [
        (
            subject,
            "development" if subject[0] == "d" else "external",
            variant,
            fold,
            value,
            2.0,
            1.0,
            10.0,
            11.0,
            *LESIONS,
        )
        for subject, value, fold in zip(dice, dice.values(), ["0", "0", "1", "1", "final", "final"], strict=True)
        for variant in ("dual", "single")
    ]
    return pd.DataFrame(rows, columns=SCORES.column_names).astype({"dice": float})


def curves() -> pd.DataFrame:
    """Learning curves of three epochs of two networks and of the VAE-GAN."""
    terms = {"loss", "dice"}, {"reconstruction", "similarity", "discriminator_right", "discriminator_plays"}
    rows = [
        (model, epoch, term, 1 / epoch)
        for model, names in {"dual_0": terms[0], "dual_final": terms[0], "vaegan": terms[1]}.items()
        for epoch in (1, 2, 3)
        for term in sorted(names)
    ]
    return pd.DataFrame(rows, columns=["model", "epoch", "term", "value"])


def metrics(models: list[tuple[str, str]]) -> pd.DataFrame:
    """AUC 0.7 in cross-validation for all models but the best, 0.8; 0.65 outside but for one that is better there."""
    rows = []
    for outcome in OUTCOMES:
        for place, model in enumerate(models):
            for fold, cohort in COHORTS.items():
                value = {"external": 0.65 + 0.001 * place}.get(fold, 0.8 if model == BEST else 0.7 - 0.001 * place)
                rows.append((outcome, *model, cohort, fold, "auc", value, value - 0.1, value + 0.1, None, 40, 12))
                rows.append((outcome, *model, cohort, fold, "f1", 0.5, None, None, 0.05, 40, 12))
    names = [
        "outcome",
        "features",
        "classifier",
        "cohort",
        "fold",
        "metric",
        "value",
        "low",
        "high",
        "sd",
        "n",
        "positives",
    ]
    return pd.DataFrame(rows, columns=names).astype({"low": float, "high": float, "sd": float})


def calibration(models: list[tuple[str, str]]) -> pd.DataFrame:
    """Three bins of each model."""
    rows = [
        (outcome, *model, COHORTS[fold], fold, place, value, value, max(value - 0.2, 0), min(value + 0.2, 1), 13)
        for outcome in OUTCOMES
        for model in models
        for fold in ("pooled", "external")
        for place, value in enumerate((0.1, 0.5, 0.9))
    ]
    names = ["outcome", "features", "classifier", "cohort", "fold", "bin", "predicted", "observed", "low", "high", "n"]
    return pd.DataFrame(rows, columns=names)


def decision(models: list[tuple[str, str]]) -> pd.DataFrame:
    """Net benefit of each model at three thresholds."""
    rows = [
        (outcome, *model, COHORTS[fold], fold, threshold, 0.3 - threshold / 2, 0.3 - threshold)
        for outcome in OUTCOMES
        for model in models
        for fold in ("pooled", "external")
        for threshold in (0.1, 0.3, 0.5)
    ]
    names = ["outcome", "features", "classifier", "cohort", "fold", "threshold", "net_benefit", "treat_all"]
    return pd.DataFrame(rows, columns=names)


def shap() -> pd.DataFrame:
    """Shares of three blocks in two classifiers, and what they are worth: one is worth less than nothing."""
    shares = {"radiomics": (0.5, 0.2), "segmentation": (0.2, -0.02), "vaegan": (0.3, 0.1)}
    rows = [
        ("poor_outcome", classifier, block, share, share, share - 0.1, share + 0.1, 20)
        + (0.8, lost, lost - 0.05, lost + 0.05, 18)
        for classifier in ("random_forest", "svm")
        for block, (share, lost) in shares.items()
    ]
    names = ["outcome", "classifier", "block", "importance", "share", "low", "high", "n"]
    return pd.DataFrame(rows, columns=[*names, "auc", "auc_lost", "auc_lost_low", "auc_lost_high", "scored"])


def checks() -> pd.DataFrame:
    """One check that passed and one that failed."""
    rows = [("leakage", "no subject in two folds", "passed", "0 of 6"), ("truth", "AUC near oracle", "failed", "0.5")]
    return pd.DataFrame(rows, columns=["kind", "check", "status", "found"])


def statistics() -> dict[str, pd.DataFrame]:
    """The tables of the statistics stage, a few rows each."""
    external = {"outcome": "poor_outcome", "cohort": NASTY, "fold": "external"}
    gap = {"difference": 0.03, "low": -0.02, "high": 0.08, "p": 0.0004, "note": None}
    model = {"features": BEST[0], "classifier": BEST[1]}
    delong = (
        external
        | model
        | {"features_reference": "radiomics", "classifier_reference": "svm", "auc": 0.7, "auc_reference": 0.67}
    )
    delong |= gap | {
        "p_holm": 0.01,
        "p_bh": 0.01,
        "inflation": 1.0,
        "bootstrap_low": -0.02,
        "bootstrap_high": 0.08,
        "n": 40,
        "positives": 12,
    }
    interaction = {"interaction": 0.2, "interaction_low": -0.3, "interaction_high": 0.7, "p_interaction": 0.44}
    sex = external | model | gap | interaction
    for group in ("women", "men"):
        sex |= {
            f"n_{group}": 20,
            f"positives_{group}": 6,
            f"auc_{group}": 0.7,
            f"low_{group}": 0.5,
            f"high_{group}": 0.9,
        }
    pairs = [{"first": one, "second": other} for one, other in combinations(FEATURE_SETS, 2)]
    tested = {"statistic": 1.0, "p": 0.06, "note": None}
    corrected = {"p_bonferroni": 1.0, "p_holm": 1.0, "p_bh": 0.3, "smallest_reachable_p": 0.03125, "nonzero": 6}
    agreement = {"kendall_w": 0.4, "icc": 0.5, "icc_low": 0.1, "icc_high": 0.9, "size": 0.5, "p_patients": 0.4}
    frames = {
        "table1": [
            _variable("age", "number", None),
            _variable("site", "category", NASTY),
            _variable(OUTCOMES[0], "outcome", "1"),
        ],
        "shapiro": [{"outcome": "poor_outcome", "features": "shape", "n": 30, "normal": "yes"} | tested],
        "friedman": [external | tested | agreement | {"treatments": 7, "blocks": 6, "significant": "no"}],
        "wilcoxon": [
            external
            | pair
            | tested
            | corrected
            | {"median_difference": 0.01, "blocks": 6, "friedman_significant": "no"}
            | {"rank_biserial": 0.2, "common_language": 0.6, "p_patients": 0.4, "p_patients_holm": 1.0}
            for pair in pairs
        ],
        "delong": [delong],
        "nadeau_bengio": [
            {"outcome": "poor_outcome", "features_reference": "radiomics", "folds": 5, "t": 0.5} | model | gap
        ],
        "sex": [sex],
    }
    return {name: pd.DataFrame(rows) for name, rows in frames.items()}


def _variable(name: str, kind: str, level: str | None) -> dict:
    """One row of Table 1."""
    numbers = {
        f"{what}_{role}": 1.0 for what in ("value", "spread", "n", "missing") for role in ("development", "external")
    }
    texts = {"development": "61.0 (12.0)", "external": "68.0 (13.0)", "test": "Welch t", "note": None}
    row = {"cohort": NASTY, "variable": name, "kind": kind, "level": level, "statistic": 2.0, "p": 0.01, "smd": 0.4}
    return row | texts | numbers


def pictured() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Grids of one participant with a cube as lesion, and the probability of a smaller cube."""
    mask, probability = np.zeros((16, 16, 16), bool), np.zeros((16, 16, 16), np.uint8)
    mask[4:9, 5:10, 6:11], probability[4:8, 5:9, 6:10] = True, 255
    fine = (0.4 + 0.3 * mask).astype(np.float16)
    return {"baseline_fine": fine, "baseline_mask": mask}, probability
