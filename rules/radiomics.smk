"""Handcrafted features of the hematoma on the admission scan.

Reads: results/cohort/sub-{subject}_baseline_ct.nii.gz, the baseline mask (predicted or manual)
Writes: results/radiomics/sub-{subject}_features.json, results/radiomics/{role}.parquet,
    results/radiomics/features.parquet
"""

PARAMETERS = config["radiomics"]["parameters"]
PARAMETERS = PARAMETERS if exists(PARAMETERS) else f"{workflow.basedir}/{PARAMETERS}"


rule extract_radiomics:
    """Extract shape, first-order and texture features of the hematoma, filtered images included (pyradiomics)."""
    input:
        baseline_ct="results/cohort/sub-{subject}_baseline_ct.nii.gz",
        mask=lambda wildcards: mask_of(wildcards.subject),
        parameters=PARAMETERS,
    output:
        features="results/radiomics/sub-{subject}_features.json",
    log:
        "logs/extract_radiomics/{subject}.log",
    benchmark:
        "benchmarks/extract_radiomics/{subject}.tsv"
    conda:
        "../envs/radiomics.yaml"
    threads: 1
    resources:
        mem_mb=grow(3000),
        runtime=grow(15),
    params:
        settings=config["radiomics"],
        code=code_of("extract_radiomics"),
    script:
        "../workflow/scripts/extract_radiomics.py"


rule gather_radiomics:
    """Gather the features of a cohort, one row a participant."""
    input:
        records=lambda wildcards: collect(rules.extract_radiomics.output.features, subject=subjects_of(wildcards.role)),
    output:
        features="results/radiomics/{role}.parquet",
    log:
        "logs/gather_radiomics/{role}.log",
    benchmark:
        "benchmarks/gather_radiomics/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(30),
    params:
        code=code_of("gather_radiomics"),
    script:
        "../workflow/scripts/gather_radiomics.py"


rule join_radiomics:
    """Join the features of all cohorts in one table."""
    input:
        tables=collect(rules.gather_radiomics.output.features, role=PATIENT_ROLES),
    output:
        features=report(
            "results/radiomics/features.parquet",
            caption="../workflow/report/features.rst",
            category="Radiomics",
            labels={"table": "radiomic features"},
        ),
    log:
        "logs/join_radiomics.log",
    benchmark:
        "benchmarks/join_radiomics.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(10),
    params:
        code=code_of("join_radiomics"),
    script:
        "../workflow/scripts/join_radiomics.py"
