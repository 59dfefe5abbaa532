"""Seven feature sets, six classifiers: out-of-fold probabilities, final models, the external cohort predicted once.

Reads: results/cohort/{role}.tsv, results/cohort/folds.tsv, results/radiomics/{role}.parquet (shape features),
    results/features/reduced/{outcome}_{fold}_{block}.parquet, results/features/external/{block}.parquet
Writes: results/classification/cv/{outcome}_{classifier}.parquet,
    results/classification/models/{outcome}_{classifier}/{features}.skops,
    results/classification/models/{outcome}_{classifier}/card.json,
    results/classification/external/{outcome}.parquet, results/classification/comparators/{outcome}.parquet,
    results/classification/predictions.parquet
"""

from ichdag.classification import classifier_settings

MODEL = "results/classification/models/{outcome}_{classifier}/{features}.skops"


rule fit_classifiers:
    """Cross-validate one classifier on the seven feature sets for one outcome, then refit on the whole cohort."""
    input:
        **named("reduced/{fold}/{block}", REDUCED, fold=FOLDS, block=BLOCKS),
        **named("reduced/{fold}/{block}", REDUCED, outcome="all", fold="final", block=BLOCKS),
        cohort="results/cohort/development.tsv",
        folds="results/cohort/folds.tsv",
        radiomics="results/radiomics/development.parquet",
    output:
        **named("model/{features}", MODEL, features=FEATURE_SETS),
        predictions="results/classification/cv/{outcome}_{classifier}.parquet",
        card="results/classification/models/{outcome}_{classifier}/card.json",
    log:
        "logs/fit_classifiers/{outcome}_{classifier}.log",
    benchmark:
        "benchmarks/fit_classifiers/{outcome}_{classifier}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=4000, runtime=240),
    params:
        settings=lambda wildcards: classifier_settings(config["classification"], wildcards.classifier),
        seed=config["seed"],
    script:
        "../workflow/scripts/fit_classifiers.py"


rule apply_classifiers:
    """Predict the external participants with the final models of one outcome; nothing is fitted."""
    input:
        **named("reduced/{block}", "results/features/external/{block}.parquet", block=BLOCKS),
        **named("model/{classifier}/{features}", MODEL, classifier=CLASSIFIERS, features=FEATURE_SETS),
        cohort="results/cohort/external.tsv",
        radiomics="results/radiomics/external.parquet",
    output:
        predictions="results/classification/external/{outcome}.parquet",
    log:
        "logs/apply_classifiers/{outcome}.log",
    benchmark:
        "benchmarks/apply_classifiers/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=4000),
    script:
        "../workflow/scripts/apply_classifiers.py"


rule fit_comparators:
    """Cross-validate logistic regressions on baseline volume and on clinical covariates for one outcome."""
    input:
        cohort="results/cohort/development.tsv",
        folds="results/cohort/folds.tsv",
    output:
        predictions="results/classification/comparators/{outcome}_development.parquet",
        models="results/classification/models/{outcome}_logistic/pipelines.skops",
        card="results/classification/models/{outcome}_logistic/card.json",
    log:
        "logs/fit_comparators/{outcome}.log",
    benchmark:
        "benchmarks/fit_comparators/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=classifier_settings(config["classification"], "logistic"),
        clinical=config["classification"]["clinical"],
        folds=[*FOLDS, "final"],
        seed=config["seed"],
    script:
        "../workflow/scripts/fit_comparators.py"


rule apply_comparators:
    """Predict the external participants from volume and clinical covariates; the known truth of a phantom is added."""
    input:
        cohort="results/cohort/external.tsv",
        predictions=rules.fit_comparators.output.predictions,
        models=rules.fit_comparators.output.models,
        card=rules.fit_comparators.output.card,
    output:
        predictions="results/classification/comparators/{outcome}.parquet",
    log:
        "logs/apply_comparators/{outcome}.log",
    benchmark:
        "benchmarks/apply_comparators/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    script:
        "../workflow/scripts/apply_comparators.py"


rule gather_predictions:
    """Gather every prediction of the study in one table, checked to be whole and free of doubles."""
    input:
        internal=collect(rules.fit_classifiers.output.predictions, outcome=OUTCOMES, classifier=CLASSIFIERS),
        external=collect(rules.apply_classifiers.output.predictions, outcome=OUTCOMES),
        comparators=collect(rules.apply_comparators.output.predictions, outcome=OUTCOMES),
    output:
        predictions=in_report("results/classification/predictions.parquet", "Classification", table="predictions"),
    log:
        "logs/gather_predictions.log",
    benchmark:
        "benchmarks/gather_predictions.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=4000),
    params:
        outcomes=OUTCOMES,
        folds=config["folds"],
    script:
        "../workflow/scripts/gather_predictions.py"
