"""The study's model frozen in one folder, and applied to new patients.

Reads: ledger/segmentation/dual_final/, ledger/latent/vaegan/, results/features/models/all_final_{block}/,
    results/classification/models/{outcome}_{classifier}/, ledger/segmentation/cleanup.json, results/cohort/sub-{subject}_baseline_ct.nii.gz,
    results/cohort/sub-{subject}_scans.json
Writes: results/prediction/model/card.json, results/prediction/sub-{subject}_prediction.json,
    results/prediction/sub-{subject}_baseline_desc-hematoma_mask.nii.gz, results/prediction/predictions.tsv
"""


rule freeze_model:
    """Freeze networks, reductions, classifiers and settings in one folder that prediction needs nothing beside."""
    input:
        segmentation="ledger/segmentation/dual_final/weights.safetensors",
        segmentation_card="ledger/segmentation/dual_final/card.json",
        vaegan="ledger/latent/vaegan/weights.safetensors",
        vaegan_card="ledger/latent/vaegan/card.json",
        reductions=collect("results/features/models/all_final_{block}/pipeline.skops", block=BLOCKS),
        classifiers=collect(
            "results/classification/models/{outcome}_{classifier}/{features}.skops",
            outcome=OUTCOMES,
            **config["prediction"],
        ),
        cleanup="ledger/segmentation/cleanup.json",
        parameters=PARAMETERS,
    output:
        card="results/prediction/model/card.json",
    log:
        "logs/freeze_model.log",
    benchmark:
        "benchmarks/freeze_model.tsv"
    conda:
        "../envs/statistics.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(10),
    params:
        settings={name: config[name] for name in ("cohort", "preprocessing", "segmentation", "radiomics")},
        latent={"patches": PATCHES, "precision": config["latent"]["precision"]},
        prediction=config["prediction"],
        outcomes=OUTCOMES,
        code=code_of("freeze_model"),
    script:
        "../workflow/scripts/freeze_model.py"


rule predict_patient:
    """Predict every outcome of a new patient from the admission scan and the frozen model alone."""
    input:
        baseline_ct="results/cohort/sub-{subject}_baseline_ct.nii.gz",
        scans="results/cohort/sub-{subject}_scans.json",
        model=rules.freeze_model.output.card,
    output:
        record="results/prediction/sub-{subject}_prediction.json",
        mask="results/prediction/sub-{subject}_baseline_desc-hematoma_mask.nii.gz",
    log:
        "logs/predict_patient/{subject}.log",
    benchmark:
        "benchmarks/predict_patient/{subject}.tsv"
    conda:
        "../envs/prediction.yaml"
    threads: 2
    resources:
        mem_mb=grow(6000),
        runtime=grow(10),
    params:
        code=code_of("predict_patient"),
    script:
        "../workflow/scripts/predict_patient.py"


rule gather_new_predictions:
    """Gather the predictions of all new patients."""
    input:
        records=lambda wildcards: collect(rules.predict_patient.output.record, subject=subjects_of("prediction")),
    output:
        predictions=report(
            "results/prediction/predictions.tsv",
            caption="../workflow/report/new_predictions.rst",
            category="Prediction",
            labels={"table": "new patients"},
        ),
    log:
        "logs/gather_new_predictions.log",
    benchmark:
        "benchmarks/gather_new_predictions.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        outcomes=OUTCOMES,
        code=code_of("gather_new_predictions"),
    script:
        "../workflow/scripts/gather_new_predictions.py"
