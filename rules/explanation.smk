"""Which feature blocks the classifiers used, what the radiomics parts are made of, where in the head the latents look.

Reads: results/features/{reduced/all_final_,external/}{block}.parquet, results/features/models/all_final_{block}/,
    results/classification/models/{outcome}_{classifier}/{features}.skops, results/radiomics/{role}.parquet,
    results/latent/external.h5, results/cohort/external.tsv; without an external cohort
    results/features/reduced/{outcome}_{fold}_{block}.parquet, results/cohort/development.tsv, results/cohort/folds.tsv
Writes: results/explanation/shap_{outcome}.tsv, results/explanation/out_of_fold/shap_{outcome}.tsv (without an external
    cohort), results/explanation/shap.tsv, results/explanation/components.tsv,
    results/explanation/saliency_{outcome}.h5
"""

SHARES = ("features", "patients", "background", "evaluations", "bootstrap", "confidence", "permutations")


rule explain_predictions:
    """Tell what each block contributed to the external predictions of an outcome: SHAP, and AUC lost by permutation."""
    input:
        **named(
            "model/{classifier}",
            "results/classification/models/{outcome}_{classifier}/{features}.skops",
            classifier=CLASSIFIERS,
            features=config["explanation"]["features"],
        ),
        **named("development/{block}", "results/features/reduced/all_final_{block}.parquet", block=BLOCKS),
        **named("external/{block}", "results/features/external/{block}.parquet", block=BLOCKS),
        cohort="results/cohort/external.tsv",
        radiomics="results/radiomics/development.parquet",
        external_radiomics="results/radiomics/external.parquet",
    output:
        shares="results/explanation/shap_{outcome}.tsv",
    log:
        "logs/explain_predictions/{outcome}.log",
    benchmark:
        "benchmarks/explain_predictions/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=6000, runtime=240),
    params:
        settings=settings("explanation", *SHARES),
        seed=config["seed"],
    script:
        "../workflow/scripts/explain_predictions.py"


rule explain_out_of_fold:
    """Tell what each block contributed to out-of-fold predictions, where none are external: SHAP, and AUC lost."""
    input:
        **named("reduced/{fold}/{block}", REDUCED, fold=FIRST_FOLDS, block=BLOCKS),
        cohort="results/cohort/development.tsv",
        folds="results/cohort/folds.tsv",
        radiomics="results/radiomics/development.parquet",
    output:
        shares="results/explanation/out_of_fold/shap_{outcome}.tsv",
    log:
        "logs/explain_out_of_fold/{outcome}.log",
    benchmark:
        "benchmarks/explain_out_of_fold/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=6000, runtime=480),
    params:
        settings=settings("explanation", *SHARES),
        classification=classifier_settings(config["classification"], *CLASSIFIERS),
        folds=FIRST_FOLDS,
        seed=config["seed"],
    script:
        "../workflow/scripts/explain_out_of_fold.py"


EXPLAINED = config["explanation"]["outcomes"]
explained = lambda: rules.explain_predictions if subjects_of("external") else rules.explain_out_of_fold


rule gather_explanations:
    """Gather the SHAP importance of the feature blocks over outcomes and classifiers."""
    input:
        unpack(lambda wildcards: named("shares/{outcome}", explained().output.shares, outcome=EXPLAINED)),
    output:
        shares=in_report("results/explanation/shap.tsv", "Explanation", table="SHAP importance by feature block"),
    log:
        "logs/gather_explanations.log",
    benchmark:
        "benchmarks/gather_explanations.tsv"
    conda:
        "../envs/statistics.yaml"
    script:
        "../workflow/scripts/gather_explanations.py"


rule name_components:
    """Name the NMF components of the radiomics block by the features that weigh most in them."""
    input:
        pipeline="results/features/models/all_final_radiomics/pipeline.skops",
        card="results/features/models/all_final_radiomics/card.json",
    output:
        components=in_report("results/explanation/components.tsv", "Explanation", table="radiomics components"),
    log:
        "logs/name_components.log",
    benchmark:
        "benchmarks/name_components.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        top=config["explanation"]["top_features"],
    script:
        "../workflow/scripts/name_components.py"


rule map_saliency:
    """Map where in the head the segmentation latents raise the elastic-net score (3D Grad-CAM), in a few patients."""
    input:
        latents="results/latent/external.h5",
        reduced="results/features/external/segmentation.parquet",
        reducer="results/features/models/all_final_segmentation/pipeline.skops",
        classifier="results/classification/models/{outcome}_elastic_net/segmentation.skops",
    output:
        maps="results/explanation/saliency_{outcome}.h5",
    log:
        "logs/map_saliency/{outcome}.log",
    benchmark:
        "benchmarks/map_saliency/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=4000),
    params:
        channels=CHANNELS[-1],
        edge=config["preprocessing"]["grid"] // 2 ** (len(CHANNELS) - 1),
        patients=config["explanation"]["saliency_patients"],
    script:
        "../workflow/scripts/map_saliency.py"
