"""The study's model frozen in one folder, and applied to new patients.

Reads: ledger/segmentation/dual_final/, ledger/latent/vaegan/, results/features/models/all_final_{block}/,
    results/classification/models/{outcome}_{classifier}/, ledger/segmentation/cleanup.json, results/conversion/sub-{subject}_baseline_ct.nii.gz,
    results/cohort/sub-{subject}_scans.json
Writes: results/prediction/model/, results/prediction/sub-{subject}_prediction.json,
    results/prediction/sub-{subject}_baseline_desc-hematoma_mask.nii.gz, results/prediction/predictions.tsv
"""

REDUCTIONS = [block for block in BLOCKS if f"reduction/{block}" in MODEL_FILES]
CLASSIFIER = "results/classification/models/{outcome}_{classifier}"
FITTED = {
    **{f"reduction/{block}": f"results/features/models/all_final_{block}/pipeline.skops" for block in REDUCTIONS},
    **{f"reduction_card/{block}": f"results/features/models/all_final_{block}/card.json" for block in REDUCTIONS},
    **named("classifier/{outcome}", f"{CLASSIFIER}/{{features}}.skops", outcome=OUTCOMES, **config["prediction"]),
    **named("classifier_card/{outcome}", f"{CLASSIFIER}/card.json", outcome=OUTCOMES, **config["prediction"]),
}
FROZEN_SETTINGS = {
    "cohort": settings("cohort", "quality", "min_lesion_ml"),
    "preprocessing": config["preprocessing"],
    "segmentation": settings("segmentation", "inference"),
    "radiomics": settings("radiomics", "parameters", "drop_whole_image_diagnostics", "truncate_resampled"),
}


rule freeze_model:
    """Freeze networks, reductions, classifiers and settings in one folder that prediction needs nothing beside."""
    input:
        **FITTED,
        segmentation="ledger/segmentation/dual_final/weights.safetensors",
        segmentation_card="ledger/segmentation/dual_final/card.json",
        vaegan="ledger/latent/vaegan/weights.safetensors",
        vaegan_card="ledger/latent/vaegan/card.json",
        cleanup="ledger/segmentation/cleanup.json",
    output:
        **{part: f"results/prediction/model/{name}" for part, name in MODEL_FILES.items()},
        card="results/prediction/model/card.json",
    log:
        "logs/freeze_model.log",
    benchmark:
        "benchmarks/freeze_model.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=FROZEN_SETTINGS,
        latent={"patches": PATCHES, "precision": config["latent"]["precision"]},
        prediction=config["prediction"],
        parameters=PARAMETERS_DIGEST,
        outcomes=OUTCOMES,
    script:
        "../workflow/scripts/freeze_model.py"


rule predict_patient:
    """Predict every outcome of a new patient from the admission scan and the frozen model alone."""
    input:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        scans="results/cohort/sub-{subject}_scans.json",
        card=rules.freeze_model.output.card,
        parts=[f"results/prediction/model/{name}" for name in MODEL_FILES.values()],
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
        **growing(mem_mb=6000),
    script:
        "../workflow/scripts/predict_patient.py"


rule gather_new_predictions:
    """Gather the predictions of all new patients."""
    input:
        unpack(files_of_role("sub-{subject}", rules.predict_patient.output.record, role="prediction")),
    output:
        predictions=in_report(
            "results/prediction/predictions.tsv", "Prediction", table="new patients", caption="new_predictions"
        ),
    log:
        "logs/gather_new_predictions.log",
    benchmark:
        "benchmarks/gather_new_predictions.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        outcomes=OUTCOMES,
    script:
        "../workflow/scripts/gather_new_predictions.py"
