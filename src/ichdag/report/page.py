"""Render the page of the report from tables, figures and texts, with every value escaped."""

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
from ichdag.figures.display_names import outcome_name
from ichdag.file_errors import DamagedResult
from ichdag.latent.schemas import RECONSTRUCTION
from ichdag.machine import package_versions
from ichdag.report import ReportSettings, checklists, main_result, methods, report_tables
from ichdag.report.formatting import Table, make_table
from ichdag.report.mask_cleanup import cleanup_limit
from ichdag.report.rendering import template
from ichdag.report.schemas import CHECKLISTS
from ichdag.segmentation.schemas import COMPARISON, SCORES
from ichdag.statistics.schemas import DELONG, FRIEDMAN, NADEAU_BENGIO, SEX, SHAPIRO, TABLE1, WILCOXON

REPORT_SCHEMAS = {
    schema.name: schema
    for schema in (
        *(PARTICIPANTS, QUALITY, SENSITIVITY, SCORES, COMPARISON, RECONSTRUCTION, METRICS, BEST, TABLE1, SHAPIRO),
        *(FRIEDMAN, WILCOXON, DELONG, NADEAU_BENGIO, SEX, SHAP, COMPONENTS, AUDIT, CHECKS, *CHECKLISTS.values()),
    )
}  # the tables that the page shows
OWN_SECTION = {"participants", "flow", "scores", "curves", "metrics", "best", "calibration", "decision", "checks"}
OWN_SECTION |= set(checklists.TITLES)
TITLES = {
    "table1": "Table 1. Participants",
    "quality": "Quality of the scans",
    "sensitivity": "Outcome labels that depend on the error of the volumes",
    "delong": "Table S3. Differences in AUC (DeLong)",
    "nadeau_bengio": "Table S3, continued. Differences in AUC over folds (Nadeau-Bengio)",
    "sex": "Table S4. Female and male participants",
    "friedman": "Friedman test of the feature sets",
    "wilcoxon": "Table S5. Post-hoc comparisons (Wilcoxon)",
    "shapiro": "Normality of the AUCs (Shapiro-Wilk)",
    "comparison": "Dual scale compared with single scale",
    "reconstruction": "Reconstruction error of lesion patches",
    "shap": "SHAP share of each feature block, and AUC lost without it",
    "components": "Radiomic features of the NMF components",
    "audit": "Leakage check: participants of fitting and of scoring",
}
SUMMARY_CAPTION = (
    "AUC with confidence interval. The best model of an outcome is the one with the largest AUC in cross-validation; "
    "external results are not used for this choice. The largest of many AUCs is too high. For the corrected AUC, the "
    "best model is chosen in resamples of the participants and evaluated on those who were not drawn (bootstrap "
    "bias-corrected cross-validation; limits are percentiles, and wide)."
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
    "imagined": "Patches that the VAE-GAN generates",
    "auc": "Figure 3. AUC of every model",
    "oracle": "Best model, comparators and oracle",
    "ranks": "Ranks of the feature sets",
    "calibration": "Figure 4. Calibration of the best models",
    "decision": "Decision curves",
    "shap": "Figure 5. SHAP importance by feature block, and AUC lost without it",
}


@dataclass(frozen=True)
class ReportFigure:
    """A figure to show: name (its anchor), title, caption, and the image as a data URI."""

    name: str
    title: str
    caption: str
    source: str


def read_figures(files: dict[str, str], *, captions: dict[str, str]) -> dict[str, ReportFigure]:
    """Read the svg figures by name, with title and caption, as data URIs, so that the page loads no other file."""
    figures = {}
    for name, path in files.items():
        kind, _, outcome = name.partition("_") if name.startswith("saliency_") else (name, "", "")
        title = f"Saliency: {outcome_name(outcome)}" if outcome else FIGURES.get(kind, kind)
        content = Path(path).read_bytes()
        if not content.rstrip().endswith(b"</svg>"):
            raise DamagedResult(path, "its picture has no end")
        source = "data:image/svg+xml;base64," + base64.b64encode(content).decode("ascii")
        figures[name] = ReportFigure(f"figure-{name}", title, captions.get(kind, title), source)
    return figures


def read_captions(files: Mapping[str, Path]) -> dict[str, str]:
    """Read the captions of figures and tables by name, each as one line of text."""
    return {name: " ".join(path.read_text(encoding="utf-8").split()) for name, path in files.items()}


def render(
    study_tables: dict[str, pd.DataFrame],
    *,
    figures: dict[str, ReportFigure],
    captions: dict[str, str],
    cards: dict[str, dict[str, str]],
    config: dict[str, Any],
    radiomics: dict[str, Any] | None = None,
    cleanup: dict[str, Any] | None = None,
    training_warnings: tuple[str, ...] = (),
) -> str:
    """Render the whole page as one string.

    `study_tables` has the tables of the study by name, `cards` the package versions of the jobs, `config` the merged
    configuration, `radiomics` the statement of the extracted radiomics, `cleanup` what was chosen for the masks,
    `training_warnings` the problems in the training of the VAE-GAN, which are listed among the limits.
    """
    figures = {
        name: replace(figure, caption=figure.caption + main_result.numbers(name, study_tables))
        for name, figure in figures.items()
    }
    return template("report.html.j2").render(
        title=ReportSettings(**config["report"]).title,
        figures=figures,
        saliency=[figure for name, figure in figures.items() if name.startswith("saliency_")],
        captions=captions,
        tables=_tables(study_tables, captions),
        settings=report_tables.settings_list(config),
        versions=report_tables.versions_list({"report": package_versions()} | cards),
        checklists=[
            checklists.make_checklist(study_tables[name], name=name)
            for name in checklists.TITLES
            if name in study_tables
        ],
        seed=config["seed"],
        **_results(study_tables, config, radiomics=radiomics, cleanup=cleanup, training_warnings=training_warnings),
    )


def _results(
    study_tables: dict[str, pd.DataFrame],
    config: dict[str, Any],
    *,
    radiomics: dict[str, Any] | None,
    cleanup: dict[str, Any] | None,
    training_warnings: tuple[str, ...],
) -> dict[str, Any]:
    """Collect the results for the page: texts, summary table, grids of AUCs, all metrics, checks."""
    metrics, participants, checks = study_tables["metrics"], study_tables["participants"], study_tables["checks"]
    reference = config["statistics"]["reference"]
    records = {"radiomics": radiomics, "cleanup": cleanup}
    external = main_result.has_external(metrics)
    cleanup_limits = cleanup_limit(cleanup, settings=config["segmentation"], tested=external) if cleanup else []
    return {
        "counts": main_result.counts(participants),
        "headline": main_result.headline(
            metrics, corrected=study_tables.get("best"), delong=study_tables.get("delong"), reference=reference
        ),
        "external": external,
        "glance": main_result.summary_table(
            metrics, corrected=study_tables.get("best"), reference=reference, caption=SUMMARY_CAPTION
        ),
        "grids": [report_tables.auc_grid(metrics, outcome) for outcome in metrics["outcome"].drop_duplicates()],
        "everything": report_tables.all_metrics(metrics),
        "checks": checks.to_dict("records"),
        "verdict": main_result.verdict(checks),
        "failed": int((checks["status"] == "failed").sum()),
        "methods": methods.methods(config, participants=participants, metrics=metrics, **records),
        "limits": [
            *main_result.warnings(checks),
            *(f"VAE-GAN: {warning}" for warning in training_warnings),
            *methods.limits(config, metrics=metrics),
            *cleanup_limits,
        ],
    }


def _tables(study_tables: dict[str, pd.DataFrame], captions: dict[str, str]) -> dict[str, Table]:
    """Format the tables to show, by name: exclusions, Dice, and every other table as it is."""
    page_tables = {
        "exclusions": report_tables.exclusions(study_tables["participants"], caption=captions["exclusions"]),
        "dice": report_tables.dice(study_tables["scores"], caption=captions["scores"]),
    }
    for name in [name for name in study_tables if name not in OWN_SECTION]:
        title = TITLES.get(name, name)
        columns = COLUMNS[name].split() if name in COLUMNS else None
        caption = captions.get(name, title)
        page_tables[name] = make_table(
            study_tables[name], name=f"table-{name}", title=title, caption=caption, columns=columns
        )
    if "table1" in study_tables:
        page_tables["table1"] = report_tables.table1(
            study_tables["table1"], title=TITLES["table1"], caption=captions["table1"]
        )
    if "sex" in study_tables:
        best, caption = (
            report_tables.of_best(study_tables["sex"], study_tables["metrics"]),
            "The best model of each outcome. " + captions["sex"],
        )
        page_tables["best_sex"] = make_table(
            best, name="best-sex", title=TITLES["sex"], caption=caption, columns=COLUMNS["sex"].split()
        )
        page_tables["sex"] = replace(page_tables["sex"], title="Table S4, all models")
    return page_tables
