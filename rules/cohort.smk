"""Who is in the study: scans checked, everybody in one table with status and outcomes, folds drawn.

Reads: the participants sheet, results/conversion/sub-{subject}_baseline_ct.nii.gz,
    results/conversion/sub-{subject}_followup_ct.nii.gz, results/conversion/sub-{subject}_conversion.json,
    results/segmentation/{role}.tsv, results/radiomics/{role}.parquet, results/latent/{role}.tsv, ledger/training.tsv
Writes: results/cohort/sub-{subject}_scans.json, results/cohort/{role}_scans.tsv, results/cohort/{role}_checks.tsv,
    ledger/folds.tsv, ledger/folds.tsv.sha256, results/cohort/folds.tsv, results/cohort/{role}.tsv,
    results/cohort/participants.tsv, results/cohort/flow.tsv, results/cohort/quality.tsv,
    results/cohort/sensitivity.tsv
"""

from ichdag.jobs import remove_leftover_folders


onstart:
    remove_leftover_folders()


rule check_scans:
    """Check the quality of a participant's scans: calibration, coverage, sampling, noise, artifacts, times."""
    input:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        followup_ct="results/conversion/sub-{subject}_followup_ct.nii.gz",
        record="results/conversion/sub-{subject}_conversion.json",
    output:
        record="results/cohort/sub-{subject}_scans.json",
    log:
        "logs/check_scans/{subject}.log",
    benchmark:
        "benchmarks/check_scans/{subject}.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        settings=config["cohort"]["quality"] | settings("preprocessing", "head_hu"),
    script:
        "../workflow/scripts/check_scans.py"


rule list_scans:
    """List the scans of a cohort with status, stage and reason; images that participants share leave them out."""
    input:
        unpack(files_of_role("sub-{subject}", rules.check_scans.output.record)),
        others=lambda wildcards: [] if wildcards.role == "development" else "results/cohort/development_scans.tsv",
    output:
        scans="results/cohort/{role}_scans.tsv",
        checks="results/cohort/{role}_checks.tsv",
    log:
        "logs/list_scans/{role}.log",
    benchmark:
        "benchmarks/list_scans/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/list_scans.py"


rule assemble_cohort:
    """Put every participant of a role in one table: status, stage, reason, volumes, covariates and outcomes."""
    input:
        scans=rules.list_scans.output.scans,
        volumes="results/segmentation/{role}.tsv",
        features="results/radiomics/{role}.parquet",
        latents="results/latent/{role}.tsv",
    output:
        cohort="results/cohort/{role}.tsv",
    log:
        "logs/assemble_cohort/{role}.log",
    benchmark:
        "benchmarks/assemble_cohort/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        rows=lambda wildcards: PrivateParams(participants.rows_of(subjects_of(wildcards.role))),
        outcomes=config["outcomes"],
        source=config["cohort"]["volumes"],
    script:
        "../workflow/scripts/assemble_cohort.py"


rule draw_folds:
    """Draw the folds of each outcome, stratified by it, once it is known and before anything is fitted; earlier ones stay."""
    input:
        cohort="results/cohort/development.tsv",
        training="ledger/training.tsv",
    output:
        folds="results/cohort/folds.tsv",
        ledger=update("ledger/folds.tsv"),
        seal=update("ledger/folds.tsv.sha256"),
    log:
        "logs/draw_folds.log",
    benchmark:
        "benchmarks/draw_folds.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        outcomes=OUTCOMES,
        persons=lambda wildcards: persons_among("development"),
        fold_count=config["folds"],
        repeats=config["repeats"],
        seed=config["seed"],
    script:
        "../workflow/scripts/draw_folds.py"


rule join_cohort:
    """Join the cohorts and count who was enrolled, excluded and included, and why."""
    input:
        cohorts=collect(rules.assemble_cohort.output.cohort, role=PATIENT_ROLES),
        checks=collect(rules.list_scans.output.checks, role=PATIENT_ROLES),
    output:
        participants=in_report("results/cohort/participants.tsv", "Cohort", table="participants"),
        flow="results/cohort/flow.tsv",
        quality="results/cohort/quality.tsv",
    log:
        "logs/join_cohort.log",
    benchmark:
        "benchmarks/join_cohort.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        outcomes=config["outcomes"],
    script:
        "../workflow/scripts/join_cohort.py"


rule measure_sensitivity:
    """Count the participants whose outcome hangs on less volume than the networks' masks are off by."""
    input:
        participants=rules.join_cohort.output.participants,
        scans=collect(rules.list_scans.output.scans, role=PATIENT_ROLES),
        volumes=collect("results/segmentation/{role}.tsv", role=PATIENT_ROLES),
    output:
        sensitivity=in_report("results/cohort/sensitivity.tsv", "Cohort", table="labels and volume error"),
    log:
        "logs/measure_sensitivity.log",
    benchmark:
        "benchmarks/measure_sensitivity.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        outcomes=config["outcomes"],
    script:
        "../workflow/scripts/measure_sensitivity.py"
