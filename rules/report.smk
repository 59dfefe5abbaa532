"""The report: every table and figure of the study in one page that opens from disk, without a network.

Reads: results/cohort/participants.tsv, results/segmentation/scores.tsv, results/evaluation/metrics.tsv,
    results/statistics/*.tsv, results/explanation/{shap,components}.tsv, results/checks/{checks,audit}.tsv,
    results/figures/*.svg, results/segmentation/models/dual_final/card.json,
    results/latent/models/vaegan/card.json
Writes: results/report/report.html, results/report/checklist_tripod_ai.tsv, results/report/checklist_clear.tsv
"""

TOLD = {
    "cohort": ["participants"],
    "segmentation": ["scores"],
    "evaluation": ["metrics"],
    "statistics": ["table1", "shapiro", "friedman", "wilcoxon", "delong", "nadeau_bengio", "sex"],
    "explanation": ["shap", "components"],
    "checks": ["checks", "audit"],
    "report": ["checklist_tripod_ai", "checklist_clear"],
}
DRAWN = [
    "cohort_flow",
    "segmentation_examples",
    "dice",
    "reconstructions",
    "auc",
    "oracle",
    "ranks",
    "calibration",
    "decision",
    "shap",
]
TABLES = [name for stage, names in TOLD.items() if stage != "report" for name in names]
CAPTIONED = sorted({*DRAWN, *TABLES, "checklists", "exclusions", "saliency"})
TEMPLATES = ["report.html", "macros.html", "summary.html", "results.html", "about.html", "report.css", "report.js"]


rule fill_checklists:
    """Fill the reporting checklists TRIPOD+AI and CLEAR with what ran; blank where the authors must answer."""
    input:
        participants="results/cohort/participants.tsv",
        metrics="results/evaluation/metrics.tsv",
        questions=collect(f"{workflow.basedir}/resources/checklists/{{name}}.tsv", name=TOLD["report"]),
    output:
        tripod_checklist=report(
            "results/report/checklist_tripod_ai.tsv", "../workflow/report/checklists.rst", category="Report"
        ),
        clear_checklist=report(
            "results/report/checklist_clear.tsv", "../workflow/report/checklists.rst", category="Report"
        ),
    log:
        "logs/fill_checklists.log",
    benchmark:
        "benchmarks/fill_checklists.tsv"
    conda:
        "../envs/statistics.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        settings=config,
        code=code_of("fill_checklists"),
    script:
        "../workflow/scripts/fill_checklists.py"


rule make_report:
    """Tell the whole study in one page: main result, participants, tables and figures, methods, settings, limits."""
    input:
        tables=[f"results/{stage}/{name}.tsv" for stage, names in TOLD.items() for name in names],
        figures=collect("results/figures/{name}.svg", name=DRAWN)
        + collect("results/figures/saliency_{outcome}.svg", outcome=config["explanation"]["outcomes"]),
        segmentation="results/segmentation/models/dual_final/card.json",
        vaegan="results/latent/models/vaegan/card.json",
        captions=collect(f"{workflow.basedir}/workflow/report/{{name}}.rst", name=CAPTIONED),
        templates=collect(f"{workflow.basedir}/src/ichdag/report/templates/{{name}}.j2", name=TEMPLATES),
    output:
        report=report("results/report/report.html", "../workflow/report/report.rst", category="Report"),
    log:
        "logs/make_report.log",
    benchmark:
        "benchmarks/make_report.tsv"
    conda:
        "../envs/statistics.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(10),
    params:
        settings=config,
        cards=["segmentation", "vaegan"],
        code=code_of("make_report"),
    script:
        "../workflow/scripts/make_report.py"
