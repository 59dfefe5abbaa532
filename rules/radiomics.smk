"""Handcrafted features of the hematoma on the admission scan.

Reads: results/conversion/sub-{subject}_baseline_ct.nii.gz, the baseline mask (predicted or manual),
    results/cohort/development.tsv, results/cohort/folds.tsv
Writes: results/radiomics/statement.json, results/radiomics/sub-{subject}_features.json,
    results/radiomics/{role}.parquet, results/radiomics/features.parquet,
    results/radiomics/sub-{subject}_repeats.json, results/radiomics/repeatability/{outcome}_{fold}.tsv
"""

EXTRACTION = settings("radiomics", "parameters", "drop_whole_image_diagnostics", "truncate_resampled")

if workflow.is_main_process:
    from ichdag.radiomics.startup_check import check_parameter_file

    check_parameter_file(PARAMETERS, digest=PARAMETERS_DIGEST)
# Jobs get the path of the file and its digest as params: as an input it would be checked once per job, and in another
# checkout all jobs would run again.
OF_PARTICIPANT = {"settings": EXTRACTION, "parameters": PARAMETERS_DIGEST}


rule describe_radiomics:
    """Check the radiomics parameter file, before any long job, and describe the columns that it makes."""
    output:
        statement="results/radiomics/statement.json",
    log:
        "logs/describe_radiomics.log",
    benchmark:
        "benchmarks/describe_radiomics.tsv"
    priority: 100
    conda:
        "../envs/radiomics.yaml"
    params:
        **OF_PARTICIPANT,
    script:
        "../workflow/scripts/describe_radiomics.py"


rule extract_radiomics:
    """Extract shape, first-order and texture features of the hematoma, filtered images included (pyradiomics)."""
    input:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        mask=lambda wildcards: mask_of(wildcards.subject),
    output:
        features="results/radiomics/sub-{subject}_features.json",
    log:
        "logs/extract_radiomics/{subject}.log",
    benchmark:
        "benchmarks/extract_radiomics/{subject}.tsv"
    conda:
        "../envs/radiomics.yaml"
    resources:
        **growing(mem_mb=3000),
    params:
        **OF_PARTICIPANT,
    script:
        "../workflow/scripts/extract_radiomics.py"


rule gather_radiomics:
    """Gather the features of a cohort, one row a participant."""
    input:
        unpack(files_of_role("sub-{subject}", rules.extract_radiomics.output.features)),
    output:
        features="results/radiomics/{role}.parquet",
    log:
        "logs/gather_radiomics/{role}.log",
    benchmark:
        "benchmarks/gather_radiomics/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/gather_radiomics.py"


rule join_radiomics:
    """Join the features of all cohorts in one table."""
    input:
        tables=collect(rules.gather_radiomics.output.features, role=PATIENT_ROLES),
    output:
        features=in_report("results/radiomics/features.parquet", "Radiomics", table="radiomic features"),
    log:
        "logs/join_radiomics.log",
    benchmark:
        "benchmarks/join_radiomics.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/join_radiomics.py"


rule repeat_radiomics:
    """Extract the features again from perturbed scans and masks: rotated, noisier, grown or shrunk by a voxel."""
    input:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        mask=lambda wildcards: mask_of(wildcards.subject),
    output:
        repeats="results/radiomics/sub-{subject}_repeats.json",
    log:
        "logs/repeat_radiomics/{subject}.log",
    benchmark:
        "benchmarks/repeat_radiomics/{subject}.tsv"
    conda:
        "../envs/radiomics.yaml"
    resources:
        **growing(mem_mb=3000),
    params:
        **OF_PARTICIPANT,
        perturbation={name: REPEATABILITY[name] for name in ("rotation_degrees", "noise_hu")},
        repeats=REPEATABILITY["repeats"],
        seed=config["seed"],
    script:
        "../workflow/scripts/repeat_radiomics.py"


rule judge_repeatability:
    """Estimate which features are repeatable (intraclass correlation), on development participants of a training part."""
    input:
        unpack(
            lambda wildcards: named(
                "sub-{subject}",
                rules.repeat_radiomics.output.repeats,
                subject=sample_of(REPEATABILITY["patients"], "development"),
            )
        ),
        cohort="results/cohort/development.tsv",
        folds="results/cohort/folds.tsv",
    output:
        table="results/radiomics/repeatability/{outcome}_{fold}.tsv",
    log:
        "logs/judge_repeatability/{outcome}_{fold}.log",
    benchmark:
        "benchmarks/judge_repeatability/{outcome}_{fold}.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        min_icc=REPEATABILITY["min_icc"],
    script:
        "../workflow/scripts/judge_repeatability.py"
