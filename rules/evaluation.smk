"""How good the predictions are, with intervals, from the predictions table alone.

Reads: results/classification/predictions.parquet
Writes: results/evaluation/metrics.tsv, results/evaluation/best.tsv, results/evaluation/calibration.tsv,
    results/evaluation/decision.tsv
"""


rule measure_performance:
    """Measure AUC, threshold metrics, Brier score and calibration of every model, with confidence intervals."""
    input:
        predictions="results/classification/predictions.parquet",
    output:
        metrics=in_report("results/evaluation/metrics.tsv", "Prediction", table="All metrics"),
    log:
        "logs/measure_performance.log",
    benchmark:
        "benchmarks/measure_performance.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("evaluation", "confidence", "bootstrap", "min_probability"),
        seed=config["seed"],
    script:
        "../workflow/scripts/measure_performance.py"


rule correct_best:
    """Correct the AUC of each outcome's best model for the choice (bootstrap bias-corrected cross-validation)."""
    input:
        predictions="results/classification/predictions.parquet",
    output:
        best=in_report("results/evaluation/best.tsv", "Prediction", table="Best models"),
    log:
        "logs/correct_best.log",
    benchmark:
        "benchmarks/correct_best.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("evaluation", "confidence", "bootstrap"),
        seed=config["seed"],
    script:
        "../workflow/scripts/correct_best.py"


rule measure_calibration:
    """Compare predicted and observed risk in bins of predicted risk."""
    input:
        predictions="results/classification/predictions.parquet",
    output:
        calibration=in_report("results/evaluation/calibration.tsv", "Prediction", table="Calibration"),
    log:
        "logs/measure_calibration.log",
    benchmark:
        "benchmarks/measure_calibration.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("evaluation", "confidence", "calibration_bins"),
    script:
        "../workflow/scripts/measure_calibration.py"


rule measure_net_benefit:
    """Measure the net benefit of treating by each model's prediction (decision curve analysis)."""
    input:
        predictions="results/classification/predictions.parquet",
    output:
        decision=in_report("results/evaluation/decision.tsv", "Prediction", table="Decision curves"),
    log:
        "logs/measure_net_benefit.log",
    benchmark:
        "benchmarks/measure_net_benefit.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("evaluation", "decision_thresholds"),
    script:
        "../workflow/scripts/measure_net_benefit.py"
