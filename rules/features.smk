"""Each feature block reduced by NMF, fitted inside each training fold, applied to the rest.

Reads: results/cohort/{role}.tsv, results/cohort/folds.tsv, results/radiomics/{role}.parquet, results/latent/{role}.h5,
    results/radiomics/repeatability/{outcome}_{fold}.tsv (if unstable features are dropped)
Writes: results/features/models/{outcome}_{fold}_{block}/, results/features/reduced/{outcome}_{fold}_{block}.parquet,
    results/features/external/{block}.parquet
"""

DROPS_UNSTABLE = REPEATABILITY["repeats"] > 0 and REPEATABILITY["drop_unstable"]
VALUES = {
    "radiomics": "results/radiomics/{role}.parquet",
    "segmentation": "results/latent/{role}.h5",
    "vaegan": "results/latent/{role}.h5",
}
# A float32 of both bottlenecks of the segmentation network is the largest block; a fit holds twice it.
GRID = config["preprocessing"]["grid"]
ROW_MB = 4 * CHANNELS[-1] * sum((GRID // 2 ** (len(CHANNELS) - 1 + coarse)) ** 3 for coarse in (0, 1)) / 10**6


rule reduce_block:
    """Reduce one feature block by NMF, fitted on the training part of one fold (or on the whole development cohort)."""
    input:
        cohort="results/cohort/development.tsv",
        folds="results/cohort/folds.tsv",
        values=lambda wildcards: VALUES[wildcards.block].format(role="development"),
        unstable=branch(
            lambda wildcards: DROPS_UNSTABLE and wildcards.block == "radiomics",
            then="results/radiomics/repeatability/{outcome}_{fold}.tsv",
            otherwise=[],
        ),
    output:
        pipeline="results/features/models/{outcome}_{fold}_{block}/pipeline.skops",
        card="results/features/models/{outcome}_{fold}_{block}/card.json",
        reduced="results/features/reduced/{outcome}_{fold}_{block}.parquet",
    log:
        "logs/reduce_block/{outcome}_{fold}_{block}.log",
    benchmark:
        "benchmarks/reduce_block/{outcome}_{fold}_{block}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=lambda: 3000 + round(3 * ROW_MB * len(subjects_of("development"))), runtime=240),
    params:
        settings=config["features"],
        seed=config["seed"],
    script:
        "../workflow/scripts/reduce_block.py"


rule reduce_external:
    """Reduce one feature block of the external participants with the final NMF; nothing is fitted."""
    input:
        cohort="results/cohort/external.tsv",
        values=lambda wildcards: VALUES[wildcards.block].format(role="external"),
        pipeline="results/features/models/all_final_{block}/pipeline.skops",
        card="results/features/models/all_final_{block}/card.json",
    output:
        reduced="results/features/external/{block}.parquet",
    log:
        "logs/reduce_external/{block}.log",
    benchmark:
        "benchmarks/reduce_external/{block}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=lambda: 3000 + round(2 * ROW_MB * len(subjects_of("external")))),
    script:
        "../workflow/scripts/reduce_external.py"
