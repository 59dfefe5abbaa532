"""What must hold in every study, asked of the results of this one; a study that leaks is refused.

Reads: results/cohort/participants.tsv, results/cohort/folds.tsv, ledger/training.tsv, results/segmentation/{role}.tsv,
    ledger/segmentation/{network}/data.tsv, ledger/latent/vaegan/data.tsv, results/preprocessing/development.tsv,
    results/radiomics/features.parquet, results/classification/predictions.parquet, results/evaluation/metrics.tsv,
    the card.json of every model
Writes: results/checks/checks.tsv, results/checks/audit.tsv, results/checks/passed.json
"""

MODELS = {
    "card/latent/vaegan": "ledger/latent/vaegan/card.json",
    **named("card/segmentation/{network}", "ledger/segmentation/{network}/card.json", network=NETWORKS),
    **named(
        "card/features/{outcome}_{fold}_{block}",
        "results/features/models/{outcome}_{fold}_{block}/card.json",
        outcome=OUTCOMES,
        fold=FOLDS,
        block=BLOCKS,
    ),
    **named("card/features/all_final_{block}", "results/features/models/all_final_{block}/card.json", block=BLOCKS),
    **named(
        "card/classification/{outcome}_{classifier}",
        "results/classification/models/{outcome}_{classifier}/card.json",
        outcome=OUTCOMES,
        classifier=[*CLASSIFIERS, "logistic"],
    ),
    **named("trained_on/{network}", "ledger/segmentation/{network}/data.tsv", network=NETWORKS),
    "trained_on/vaegan": "ledger/latent/vaegan/data.tsv",
}


rule check_study:
    """Check that no participant leaks, nobody is lacking, volumes are plausible and no model beats the known truth."""
    input:
        **MODELS,
        grids="results/preprocessing/development.tsv",
        participants="results/cohort/participants.tsv",
        folds="results/cohort/folds.tsv",
        training="ledger/training.tsv",
        volumes=collect("results/segmentation/{role}.tsv", role=PATIENT_ROLES),
        features="results/radiomics/features.parquet",
        predictions="results/classification/predictions.parquet",
        metrics="results/evaluation/metrics.tsv",
    output:
        checks=in_report("results/checks/checks.tsv", "Checks"),
        audit=in_report("results/checks/audit.tsv", "Checks", table="Fitted on, scored on"),
    log:
        "logs/check_study.log",
    benchmark:
        "benchmarks/check_study.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=config["checks"],
        outcomes=OUTCOMES,
        folds=config["folds"],
    script:
        "../workflow/scripts/check_study.py"


rule require_checks:
    """Refuse a study in which a check against leakage failed."""
    input:
        checks=rules.check_study.output.checks,
    output:
        passed="results/checks/passed.json",
    log:
        "logs/require_checks.log",
    benchmark:
        "benchmarks/require_checks.tsv"
    conda:
        "../envs/statistics.yaml"
    script:
        "../workflow/scripts/require_checks.py"
