"""The report: every table and figure of the study in one page that opens from disk, without a network.

Reads: results/cohort/{participants,quality,sensitivity}.tsv, results/segmentation/{scores,comparison}.tsv,
    results/latent/reconstruction.tsv, results/evaluation/{metrics,best}.tsv, results/statistics/*.tsv,
    results/explanation/{shap,components}.tsv, results/checks/{checks,audit}.tsv, results/figures/*.svg,
    ledger/segmentation/{dual_final/card,cleanup}.json, ledger/latent/vaegan/card.json,
    results/radiomics/statement.json, results/conversion/sub-{subject}_baseline_ct.nii.gz,
    results/conversion/sub-{subject}_followup_ct.nii.gz, results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz,
    results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz, results/cohort/sub-{subject}_scans.json,
    results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz,
    results/segmentation/sub-{subject}_followup_desc-hematoma_mask.nii.gz,
    results/segmentation/sub-{subject}_scores.json, results/radiomics/sub-{subject}_features.json,
    results/latent/batches/{batch}.h5
Writes: results/report/report.html, results/report/participants.html, results/report/participants/{batch},
    results/report/checklist_tripod_ai.tsv, results/report/checklist_clear.tsv
"""

from ichdag.bundled_files import bundled_digests

REPORT_TABLES = {
    "cohort": ["participants", "quality", "sensitivity"],
    "segmentation": ["scores", "comparison"],
    "latent": ["reconstruction"],
    "evaluation": ["metrics", "best"],
    "statistics": ["table1", "shapiro", "friedman", "wilcoxon", "delong", "nadeau_bengio", "sex"],
    "explanation": ["shap", "components"],
    "checks": ["checks", "audit"],
    "report": ["checklist_tripod_ai", "checklist_clear"],
}
REPORT_FIGURES = [
    "cohort_flow",
    "segmentation_examples",
    "dice",
    "bland_altman",
    "learning_curves",
    "reconstructions",
    "imagined",
    "auc",
    "oracle",
    "ranks",
    "calibration",
    "decision",
    "shap",
]
TABLES = [name for stage, names in REPORT_TABLES.items() if stage != "report" for name in names]
CAPTIONED = sorted({*REPORT_FIGURES, *TABLES, "checklists", "exclusions", "saliency"})
# What comes with the workflow counts by its content, not by the place where it lies.
TEMPLATES = {
    "report": ["report.html", "macros.html", "summary.html", "results.html", "about.html", "report.css", "report.js"],
    "participant": ["participant.html", "participant.css", "report.css"],
    "participants": ["participants.html", "participant.css", "report.css"],
}
TEMPLATES = {
    page: bundled_digests(f"src/ichdag/report/templates/{name}.j2" for name in names)
    for page, names in TEMPLATES.items()
}
CAPTIONS = {name: f"workflow/report/{name}.rst" for name in CAPTIONED}
ANSWERS = {
    **{name: config[name] for name in ("seed", "folds", "repeats", "outcomes")},
    "preprocessing": settings("preprocessing", "grid"),
    "segmentation": settings("segmentation", "masks", "cleanup"),
    "radiomics": settings("radiomics", "parameters"),
    "features": settings("features", "rank"),
    "classification": settings("classification", "classifiers", "tuning", "class_weights", "clinical"),
    "evaluation": settings("evaluation", "confidence"),
}
FIGURES = named("figure/{name}", "results/figures/{name}.svg", name=REPORT_FIGURES) | named(
    "figure/saliency_{outcome}", "results/figures/saliency_{outcome}.svg", outcome=config["explanation"]["outcomes"]
)
QUESTIONS = {name: f"resources/checklists/{name}.tsv" for name in REPORT_TABLES["report"]}
PAGES = (config["report"]["pages"], *PATIENT_ROLES)  # so many of these roles have a page of their own
SHOWN = {
    "baseline_ct": "results/conversion/sub-{subject}_baseline_ct.nii.gz",
    "followup_ct": "results/conversion/sub-{subject}_followup_ct.nii.gz",
    "baseline_manual": "results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz",
    "followup_manual": "results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz",
    "baseline_predicted": "results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz",
    "followup_predicted": "results/segmentation/sub-{subject}_followup_desc-hematoma_mask.nii.gz",
    "scans": "results/cohort/sub-{subject}_scans.json",
    "volume": "results/segmentation/sub-{subject}_scores.json",
    "feature": "results/radiomics/sub-{subject}_features.json",
}


rule draw_pages:
    """Show each participant of a batch on a page: slices with outlines, quality checks, volumes, outcomes, place."""
    input:
        unpack(
            lambda wildcards: {
                f"{subject}/{kind}": path.format(subject=subject)
                for kind, path in SHOWN.items()
                for subject in members_of(wildcards.batch, among=sample_of(*PAGES))
            }
        ),
        latents="results/latent/batches/{batch}.h5",
    output:
        pages=directory("results/report/participants/{batch}"),
    log:
        "logs/draw_pages/{batch}.log",
    benchmark:
        "benchmarks/draw_pages/{batch}.tsv"
    conda:
        "../envs/pages.yaml"
    params:
        rows=lambda wildcards: PrivateParams(participants.rows_of(members_of(wildcards.batch, among=sample_of(*PAGES)))),
        outcomes=config["outcomes"],
        source=config["cohort"]["volumes"],
        templates=TEMPLATES["participant"],
    script:
        "../workflow/scripts/draw_pages.py"


rule list_participants:
    """List all participants with status and reason, each linked to its page."""
    input:
        unpack(
            lambda wildcards: named(
                "pages/{batch}", rules.draw_pages.output.pages, batch=sorted(set(map(batch_of, sample_of(*PAGES))))
            )
        ),
        participants="results/cohort/participants.tsv",
    output:
        page="results/report/participants.html",
    log:
        "logs/list_participants.log",
    benchmark:
        "benchmarks/list_participants.tsv"
    conda:
        "../envs/pages.yaml"
    params:
        batches=lambda wildcards: {subject: batch_of(subject) for subject in sample_of(*PAGES)},
        title=config["report"]["title"],
        templates=TEMPLATES["participants"],
    script:
        "../workflow/scripts/list_participants.py"


rule fill_checklists:
    """Fill the reporting checklists TRIPOD+AI and CLEAR with what ran; blank where the authors must answer."""
    input:
        participants="results/cohort/participants.tsv",
        metrics="results/evaluation/metrics.tsv",
        radiomics="results/radiomics/statement.json",
    output:
        checklist_tripod_ai=in_report("results/report/checklist_tripod_ai.tsv", "Report", caption="checklists"),
        checklist_clear=in_report("results/report/checklist_clear.tsv", "Report", caption="checklists"),
    log:
        "logs/fill_checklists.log",
    benchmark:
        "benchmarks/fill_checklists.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=ANSWERS,
        questions=QUESTIONS,
        digests=bundled_digests(QUESTIONS.values()),
    script:
        "../workflow/scripts/fill_checklists.py"


rule make_report:
    """Tell the whole study in one page: main result, participants, tables and figures, methods, settings, limits."""
    input:
        **{f"table/{name}": f"results/{stage}/{name}.tsv" for stage, names in REPORT_TABLES.items() for name in names},
        **FIGURES,
        segmentation="ledger/segmentation/dual_final/card.json",
        cleanup="ledger/segmentation/cleanup.json",
        vaegan="ledger/latent/vaegan/card.json",
        radiomics="results/radiomics/statement.json",
        participants=rules.list_participants.output.page,
    output:
        report=in_report("results/report/report.html", "Report"),
    log:
        "logs/make_report.log",
    benchmark:
        "benchmarks/make_report.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=config,
        cards=["segmentation", "vaegan"],
        captions=CAPTIONS,
        digests=bundled_digests(CAPTIONS.values()),
        templates=TEMPLATES["report"],
    script:
        "../workflow/scripts/make_report.py"
