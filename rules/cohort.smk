"""Who is in the study: scans checked, folds drawn, and every participant in one table with status and outcomes.

Reads: the participants sheet and the scans and masks it names, results/segmentation/{role}.tsv,
    results/radiomics/{role}.parquet
Writes: results/cohort/sub-{subject}_scans.json, results/cohort/{role}_scans.tsv, results/cohort/folds.tsv,
    results/cohort/{role}.tsv, results/cohort/participants.tsv, results/cohort/flow.tsv
"""


rule check_scans:
    """Check that a participant's scans are whole head CTs in Hounsfield units, each mask on its scan's grid."""
    input:
        unpack(files_of(*FILES)),
    output:
        record="results/cohort/sub-{subject}_scans.json",
    log:
        "logs/check_scans/{subject}.log",
    benchmark:
        "benchmarks/check_scans/{subject}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1500),
        runtime=grow(10),
    params:
        settings=config["cohort"],
        code=code_of("check_scans"),
    script:
        "../workflow/scripts/check_scans.py"


rule list_scans:
    """List the scans of a cohort with status, stage and reason."""
    input:
        records=lambda wildcards: collect(rules.check_scans.output.record, subject=subjects_of(wildcards.role)),
    output:
        scans="results/cohort/{role}_scans.tsv",
    log:
        "logs/list_scans/{role}.log",
    benchmark:
        "benchmarks/list_scans/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(30),
    params:
        code=code_of("list_scans"),
    script:
        "../workflow/scripts/list_scans.py"


rule draw_folds:
    """Draw the cross-validation folds, stratified by each outcome, before anything is fitted; earlier folds stay."""
    input:
        scans="results/cohort/development_scans.tsv",
    output:
        folds="results/cohort/folds.tsv",
    log:
        "logs/draw_folds.log",
    benchmark:
        "benchmarks/draw_folds.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        rows=lambda wildcards: [participants()[subject] for subject in subjects_of("development")],
        outcomes=config["outcomes"],
        volumes=config["cohort"]["volumes"],
        fold_count=config["folds"],
        seed=config["seed"],
        ledger="ledger/folds.tsv",
        code=code_of("draw_folds"),
    script:
        "../workflow/scripts/draw_folds.py"


rule assemble_cohort:
    """Put every participant of a role in one table: status, stage, reason, volumes, covariates and outcomes."""
    input:
        scans=rules.list_scans.output.scans,
        volumes="results/segmentation/{role}.tsv",
        features="results/radiomics/{role}.parquet",
    output:
        cohort="results/cohort/{role}.tsv",
    log:
        "logs/assemble_cohort/{role}.log",
    benchmark:
        "benchmarks/assemble_cohort/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1500),
        runtime=grow(10),
    params:
        rows=lambda wildcards: [participants()[subject] for subject in subjects_of(wildcards.role)],
        outcomes=config["outcomes"],
        source=config["cohort"]["volumes"],
        code=code_of("assemble_cohort"),
    script:
        "../workflow/scripts/assemble_cohort.py"


rule join_cohort:
    """Join the cohorts and count who was enrolled, excluded and included, and why."""
    input:
        cohorts=collect(rules.assemble_cohort.output.cohort, role=PATIENT_ROLES),
    output:
        participants=report(
            "results/cohort/participants.tsv",
            caption="../workflow/report/participants.rst",
            category="Cohort",
            labels={"table": "participants"},
        ),
        flow="results/cohort/flow.tsv",
    log:
        "logs/join_cohort.log",
    benchmark:
        "benchmarks/join_cohort.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        outcomes=OUTCOMES,
        code=code_of("join_cohort"),
    script:
        "../workflow/scripts/join_cohort.py"
