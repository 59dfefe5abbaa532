"""ichdag: from admission head CTs and a spreadsheet to the whole study of outcome after intracerebral hemorrhage."""

from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/phantom.smk"
include: "rules/conversion.smk"
include: "rules/cohort.smk"
include: "rules/preprocessing.smk"
include: "rules/segmentation.smk"
include: "rules/radiomics.smk"
include: "rules/latent.smk"
include: "rules/features.smk"
include: "rules/classification.smk"
include: "rules/evaluation.smk"
include: "rules/statistics.smk"
include: "rules/explanation.smk"
include: "rules/checks.smk"
include: "rules/figures.smk"
include: "rules/prediction.smk"
include: "rules/report.smk"
include: "rules/provenance.smk"


rule check:
    """Check settings, sheet and files, and say what the study holds; nothing is computed."""
    localrule: True
    params:
        summary=lambda wildcards: summarize_study(sheet(), config),
    message:
        "{params.summary}"


rule all:
    """Make the whole study: the report and everything it shows."""
    default_target: True
    input:
        report="results/report/report.html",
        checks=rules.require_checks.output.passed,
        radiomics="results/radiomics/features.parquet",
        repeatability=branch(
            REPEATABILITY["repeats"] > 0,
            then="results/radiomics/repeatability/all_final.tsv",
            otherwise=[],
        ),
        model=rules.freeze_model.output,
        prediction="results/prediction/predictions.tsv",
    localrule: True
