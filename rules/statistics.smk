"""Whether cohorts and models differ by more than chance: the paper's tests on AUCs, and tests at the level of patients.

Reads: results/cohort/participants.tsv, results/classification/predictions.parquet, results/evaluation/metrics.tsv
Writes: results/statistics/table1.tsv, results/statistics/shapiro.tsv, results/statistics/friedman.tsv,
    results/statistics/wilcoxon.tsv, results/statistics/delong.tsv, results/statistics/nadeau_bengio.tsv,
    results/statistics/sex.tsv
"""


rule describe_cohorts:
    """Describe the development cohort beside each external cohort (Table 1)."""
    input:
        participants="results/cohort/participants.tsv",
    output:
        table1=in_report("results/statistics/table1.tsv", "Cohort", table="Table 1"),
    log:
        "logs/describe_cohorts.log",
    benchmark:
        "benchmarks/describe_cohorts.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "numbers", "categories"),
        outcomes=OUTCOMES,
    script:
        "../workflow/scripts/describe_cohorts.py"


rule check_normality:
    """Test whether AUCs over folds and classifiers are normally distributed (Shapiro-Wilk)."""
    input:
        metrics="results/evaluation/metrics.tsv",
    output:
        shapiro=in_report("results/statistics/shapiro.tsv", "Statistics", table="Shapiro-Wilk"),
    log:
        "logs/check_normality.log",
    benchmark:
        "benchmarks/check_normality.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha"),
    script:
        "../workflow/scripts/check_normality.py"


rule compare_feature_sets:
    """Compare the feature sets over the classifiers (Friedman test)."""
    input:
        metrics="results/evaluation/metrics.tsv",
        predictions="results/classification/predictions.parquet",
    output:
        friedman=in_report("results/statistics/friedman.tsv", "Statistics", table="Friedman"),
    log:
        "logs/compare_feature_sets.log",
    benchmark:
        "benchmarks/compare_feature_sets.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha", "bootstrap"),
        seed=config["seed"],
    script:
        "../workflow/scripts/compare_feature_sets.py"


rule compare_pairs:
    """Compare each pair of feature sets over the classifiers (Wilcoxon signed-rank test, three corrections)."""
    input:
        metrics="results/evaluation/metrics.tsv",
        predictions="results/classification/predictions.parquet",
    output:
        wilcoxon=in_report("results/statistics/wilcoxon.tsv", "Statistics", table="Wilcoxon"),
    log:
        "logs/compare_pairs.log",
    benchmark:
        "benchmarks/compare_pairs.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha", "bootstrap"),
        seed=config["seed"],
    script:
        "../workflow/scripts/compare_pairs.py"


rule compare_patients:
    """Compare AUCs with the reference feature set on the same patients (DeLong test, bootstrap)."""
    input:
        predictions="results/classification/predictions.parquet",
    output:
        delong=in_report("results/statistics/delong.tsv", "Statistics", table="DeLong"),
    log:
        "logs/compare_patients.log",
    benchmark:
        "benchmarks/compare_patients.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha", "reference", "bootstrap"),
        seed=config["seed"],
    script:
        "../workflow/scripts/compare_patients.py"


rule compare_folds:
    """Compare AUCs with the reference feature set over folds (Nadeau-Bengio corrected t-test)."""
    input:
        metrics="results/evaluation/metrics.tsv",
    output:
        nadeau_bengio=in_report("results/statistics/nadeau_bengio.tsv", "Statistics", table="Nadeau-Bengio"),
    log:
        "logs/compare_folds.log",
    benchmark:
        "benchmarks/compare_folds.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha", "reference"),
    script:
        "../workflow/scripts/compare_folds.py"


rule compare_sexes:
    """Compare the AUC of every model in women and in men (DeLong test, unpaired; interaction)."""
    input:
        participants="results/cohort/participants.tsv",
        predictions="results/classification/predictions.parquet",
    output:
        sex=in_report("results/statistics/sex.tsv", "Statistics", table="Women and men"),
    log:
        "logs/compare_sexes.log",
    benchmark:
        "benchmarks/compare_sexes.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=settings("statistics", "alpha") | settings("evaluation", "min_probability"),
    script:
        "../workflow/scripts/compare_sexes.py"
