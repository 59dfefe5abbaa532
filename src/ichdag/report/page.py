"""The page: sections filled with tables, figures and words, rendered through the templates with every value escaped."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ichdag.checks.schemas import AUDIT, CHECKS
from ichdag.cohort.schemas import PARTICIPANTS, QUALITY, SENSITIVITY
from ichdag.evaluation.schemas import BEST, METRICS
from ichdag.explanation.schemas import COMPONENTS, SHAP
from ichdag.faults import DamagedResult
from ichdag.figures.names import outcome_name
from ichdag.latent.schemas import RECONSTRUCTION
from ichdag.machine import versions
from ichdag.report import Settings, checklists, methods, summary, tables
from ichdag.report.cells import Table, as_table
from ichdag.report.cleanup import cleanup_limit
from ichdag.report.rendering import template
from ichdag.report.schemas import CHECKLISTS
from ichdag.segmentation.schemas import COMPARISON, SCORES
from ichdag.statistics.schemas import DELONG, FRIEDMAN, NADEAU_BENGIO, SEX, SHAPIRO, TABLE1, WILCOXON

TOLD = {
    schema.name: schema
    for schema in (
        *(PARTICIPANTS, QUALITY, SENSITIVITY, SCORES, COMPARISON, RECONSTRUCTION, METRICS, BEST, TABLE1, SHAPIRO),
        *(FRIEDMAN, WILCOXON, DELONG, NADEAU_BENGIO, SEX, SHAP, COMPONENTS, AUDIT, CHECKS, *CHECKLISTS.values()),
    )
}  # the tables that the page is made of
OWN = {"participants", "flow", "scores", "curves", "metrics", "best", "calibration", "decision", "checks"}
OWN |= set(checklists.TITLES)
TITLES = {
    "table1": "Table 1. Participants",
    "quality": "Quality of the scans",
    "sensitivity": "Outcomes within the error of the volumes",
    "delong": "Table S3. Differences in AUC (DeLong)",
    "nadeau_bengio": "Table S3, continued. Differences in AUC over folds (Nadeau-Bengio)",
    "sex": "Table S4. Female and male participants",
    "friedman": "Friedman test of the feature sets",
    "wilcoxon": "Table S5. Post-hoc comparisons (Wilcoxon)",
    "shapiro": "Normality of the AUCs (Shapiro-Wilk)",
    "comparison": "Dual and single scale compared",
    "reconstruction": "Reconstruction error of lesion patches",
    "shap": "Share of each feature block, and the AUC lost without it",
    "components": "Radiomic features behind the NMF components",
    "audit": "Fitted on, scored on",
}
GLANCE = (
    "AUC with confidence interval. The best model of an outcome is the one with the largest AUC in cross-validation; "
    "external results play no part in the choice. The largest of many AUCs is too high; the corrected one is what the "
    "model chosen in a resample of the participants reaches on those who were not drawn (bootstrap bias-corrected "
    "cross-validation; limits are percentiles, and wide)."
)
COLUMNS = {
    "quality": "role timepoint check unit low high n median smallest largest warned failed",
    "sensitivity": "outcome volume role n compared bias_ml error_ml within both differ",
    "delong": "outcome cohort fold features classifier classifier_reference auc auc_reference difference:low:high "
    "p p_holm p_bh bootstrap_low bootstrap_high n positives note",
    "nadeau_bengio": "outcome features classifier folds difference:low:high t p note",
    "sex": "outcome cohort fold features classifier n_women auc_women:low_women:high_women "
    "n_men auc_men:low_men:high_men difference:low:high p "
    "interaction:interaction_low:interaction_high p_interaction note",
    "friedman": "outcome cohort fold statistic p size p_patients kendall_w icc:icc_low:icc_high note",
    "wilcoxon": "outcome cohort fold first second median_difference rank_biserial common_language blocks nonzero p "
    "p_bonferroni p_holm p_bh smallest_reachable_p p_patients p_patients_holm friedman_significant note",
    "shap": "outcome classifier block importance share:low:high n auc auc_lost:auc_lost_low:auc_lost_high scored note",
}
FIGURES = {
    "cohort_flow": "Flow of participants",
    "segmentation_examples": "Figure 1. Segmentation examples",
    "dice": "Dice of the two networks",
    "bland_altman": "Predicted and manual volumes (Bland-Altman)",
    "learning_curves": "Learning curves",
    "reconstructions": "Figure 2. CT patches and their reconstructions",
    "imagined": "Patches that the VAE-GAN imagines",
    "auc": "Figure 3. AUC of every model",
    "oracle": "Best model, comparators and oracle",
    "ranks": "Ranks of the feature sets",
    "calibration": "Figure 4. Calibration of the best models",
    "decision": "Decision curves",
    "shap": "Figure 5. SHAP importance by feature block, and AUC lost without it",
}


@dataclass(frozen=True)
class Plate:
    """A figure to show: name (its anchor), title, caption, and the picture as a data URI."""

    name: str
    title: str
    caption: str
    source: str


def read_plates(files: dict[str, str], *, captions: dict[str, str]) -> dict[str, Plate]:
    """The svg figures, by name, each with title and caption; nothing is loaded when the page is opened."""
    plates = {}
    for name, path in files.items():
        kind, _, outcome = name.partition("_") if name.startswith("saliency_") else (name, "", "")
        title = f"Saliency: {outcome_name(outcome)}" if outcome else FIGURES.get(kind, kind)
        content = Path(path).read_bytes()
        if not content.rstrip().endswith(b"</svg>"):
            raise DamagedResult(path, "its picture has no end")
        source = "data:image/svg+xml;base64," + base64.b64encode(content).decode("ascii")
        plates[name] = Plate(f"figure-{name}", title, captions.get(kind, title), source)
    return plates


def read_captions(files: Mapping[str, Path]) -> dict[str, str]:
    """The captions of figures and tables by name, each as one line of text."""
    return {name: " ".join(path.read_text(encoding="utf-8").split()) for name, path in files.items()}


def render(
    found: dict[str, pd.DataFrame],
    *,
    plates: dict[str, Plate],
    captions: dict[str, str],
    cards: dict[str, dict[str, str]],
    config: dict[str, Any],
    radiomics: dict[str, Any] | None = None,
    cleanup: dict[str, Any] | None = None,
    complaints: tuple[str, ...] = (),
) -> str:
    """The whole page as one string.

    `found` holds the tables of the study by name, `cards` the package versions of the jobs, `config` the merged
    configuration, `radiomics` the statement of the radiomics that were extracted, `cleanup` what was chosen for the
    masks, `complaints` what went wrong in the training of the VAE-GAN; they stand first among the limits.
    """
    plates = {
        name: replace(plate, caption=plate.caption + summary.numbers(name, found)) for name, plate in plates.items()
    }
    return template("report.html.j2").render(
        title=Settings(**config["report"]).title,
        plates=plates,
        saliency=[plate for name, plate in plates.items() if name.startswith("saliency_")],
        captions=captions,
        tables=_tables(found, captions),
        settings=tables.settings_list(config),
        versions=tables.versions_list({"report": versions()} | cards),
        checklists=[checklists.shown(found[name], name=name) for name in checklists.TITLES if name in found],
        seed=config["seed"],
        **_results(found, config, radiomics=radiomics, cleanup=cleanup, complaints=complaints),
    )


def _results(
    found: dict[str, pd.DataFrame],
    config: dict[str, Any],
    *,
    radiomics: dict[str, Any] | None,
    cleanup: dict[str, Any] | None,
    complaints: tuple[str, ...],
) -> dict[str, Any]:
    """What is told of the results: words, the table at a glance, the grids of AUCs, all metrics, checks."""
    metrics, participants, checks = found["metrics"], found["participants"], found["checks"]
    reference, records = config["statistics"]["reference"], {"radiomics": radiomics, "cleanup": cleanup}
    tested = summary.has_external(metrics)
    masks = cleanup_limit(cleanup, settings=config["segmentation"], tested=tested) if cleanup else []
    return {
        "counts": summary.counts(participants),
        "headline": summary.headline(
            metrics, corrected=found.get("best"), delong=found.get("delong"), reference=reference
        ),
        "external": tested,
        "glance": summary.glance(metrics, corrected=found.get("best"), reference=reference, caption=GLANCE),
        "grids": [tables.auc_grid(metrics, outcome) for outcome in metrics["outcome"].drop_duplicates()],
        "everything": tables.all_metrics(metrics),
        "checks": checks.to_dict("records"),
        "verdict": summary.verdict(checks),
        "failed": int((checks["status"] == "failed").sum()),
        "methods": methods.methods(config, participants=participants, metrics=metrics, **records),
        "limits": [
            *summary.warnings(checks),
            *(f"VAE-GAN: {complaint}" for complaint in complaints),
            *methods.limits(config, metrics=metrics),
            *masks,
        ],
    }


def _tables(found: dict[str, pd.DataFrame], captions: dict[str, str]) -> dict[str, Table]:
    """The tables to show by name: exclusions and Dice, and every other table as it is."""
    shown = {
        "exclusions": tables.exclusions(found["participants"], caption=captions["exclusions"]),
        "dice": tables.dice(found["scores"], caption=captions["scores"]),
    }
    for name in [name for name in found if name not in OWN]:
        title = TITLES.get(name, name)
        columns, caption = COLUMNS[name].split() if name in COLUMNS else None, captions.get(name, title)
        shown[name] = as_table(found[name], name=f"table-{name}", title=title, caption=caption, columns=columns)
    if "table1" in found:
        shown["table1"] = tables.table1(found["table1"], title=TITLES["table1"], caption=captions["table1"])
    if "sex" in found:
        best, caption = (
            tables.of_best(found["sex"], found["metrics"]),
            "The best model of each outcome. " + captions["sex"],
        )
        shown["best_sex"] = as_table(
            best, name="best-sex", title=TITLES["sex"], caption=caption, columns=COLUMNS["sex"].split()
        )
        shown["sex"] = replace(shown["sex"], title="Table S4, all models")
    return shown
