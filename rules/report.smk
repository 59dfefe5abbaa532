"""The report: every table and figure of the study in one page that opens from disk, without a network.

Reads: results/cohort/participants.tsv, results/segmentation/scores.tsv, results/evaluation/metrics.tsv,
    results/statistics/*.tsv, results/explanation/{shap,components}.tsv, results/checks/checks.tsv,
    results/figures/*.svg, the cards of the final networks
Writes: results/report/report.html
"""

TOLD = [
    "cohort/participants",
    "segmentation/scores",
    "evaluation/metrics",
    "statistics/table1",
    "statistics/shapiro",
    "statistics/friedman",
    "statistics/wilcoxon",
    "statistics/delong",
    "statistics/nadeau_bengio",
    "statistics/sex",
    "explanation/shap",
    "explanation/components",
    "checks/checks",
]
DRAWN = "cohort_flow segmentation_examples dice reconstructions auc oracle ranks calibration decision shap".split()
TEMPLATES = "report.html.j2 macros.html.j2 summary.html.j2 results.html.j2 about.html.j2 report.css report.js".split()


rule make_report:
    """Tell the whole study in one page: main result, participants, tables and figures as in the paper, methods, settings."""
    input:
        tables=collect("results/{table}.tsv", table=TOLD),
        figures=collect(
            "results/figures/{name}.svg", name=[*DRAWN, *[f"saliency_{o}" for o in config["explanation"]["outcomes"]]]
        ),
        segmentation="results/segmentation/models/dual_final/card.json",
        vaegan="results/latent/models/vaegan/card.json",
        captions=sorted(glob(f"{workflow.basedir}/workflow/report/*.rst")),
        templates=collect(f"{workflow.basedir}/src/ichdag/report/templates/{{name}}", name=TEMPLATES),
    output:
        report="results/report/report.html",
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
