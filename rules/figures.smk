"""Figures: each reads a table, keeps the numbers it shows in a tsv beside it, and is written as svg and png.

Reads: results/cohort/flow.tsv, results/segmentation/{scores.tsv,batches/*.h5}, results/preprocessing/{role}.tsv,
    ledger/segmentation/{cleanup.json,{network}/curve.tsv}, ledger/latent/vaegan/curve.tsv,
    results/latent/{reconstructions,imagined}.h5, results/evaluation/{metrics,calibration,decision}.tsv,
    results/explanation/{shap.tsv,saliency_{outcome}.h5}
Writes: results/figures/{name}.svg, results/figures/{name}.png, results/figures/{name}.tsv
"""

CURVES = "ledger/segmentation/{network}/curve.tsv"


rule draw_cohort_flow:
    """Draw the flow of participants through the study."""
    input:
        flow="results/cohort/flow.tsv",
    output:
        svg=in_report("results/figures/cohort_flow.svg", "Cohort"),
        png="results/figures/cohort_flow.png",
        table="results/figures/cohort_flow.tsv",
    log:
        "logs/draw_cohort_flow.log",
    benchmark:
        "benchmarks/draw_cohort_flow.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        dpi=config["figures"]["dpi"],
        code=code_of("draw_cohort_flow"),
    script:
        "../workflow/scripts/draw_cohort_flow.py"


rule draw_segmentation_examples:
    """Draw scans with manual and predicted outlines, from the worst Dice to the best (Figure 1)."""
    input:
        scores="results/segmentation/scores.tsv",
        cleanup="ledger/segmentation/cleanup.json",
        grids=[f"results/preprocessing/{role}.tsv" for role in PATIENT_ROLES],
        batches=lambda wildcards: collect("results/segmentation/batches/{batch}.h5", batch=participants.batch_table),
    output:
        svg=in_report("results/figures/segmentation_examples.svg", "Segmentation"),
        png="results/figures/segmentation_examples.png",
        table="results/figures/segmentation_examples.tsv",
    log:
        "logs/draw_segmentation_examples.log",
    benchmark:
        "benchmarks/draw_segmentation_examples.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        settings=config["figures"],
        window_hu=config["preprocessing"]["window_hu"],
        code=code_of("draw_segmentation_examples"),
    script:
        "../workflow/scripts/draw_segmentation_examples.py"


rule draw_segmentation:
    """Draw the Dice of both networks, their volumes beside the manual ones (Bland-Altman), and all learning curves."""
    input:
        scores="results/segmentation/scores.tsv",
        curves=[*collect(CURVES, network=NETWORKS), "ledger/latent/vaegan/curve.tsv"],
    output:
        dice_svg=in_report("results/figures/dice.svg", "Segmentation"),
        dice_png="results/figures/dice.png",
        dice_table="results/figures/dice.tsv",
        volumes_svg=in_report("results/figures/bland_altman.svg", "Segmentation"),
        volumes_png="results/figures/bland_altman.png",
        volumes_table="results/figures/bland_altman.tsv",
        curves_svg=in_report("results/figures/learning_curves.svg", "Segmentation"),
        curves_png="results/figures/learning_curves.png",
        curves_table="results/figures/learning_curves.tsv",
    log:
        "logs/draw_segmentation.log",
    benchmark:
        "benchmarks/draw_segmentation.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        dpi=config["figures"]["dpi"],
        code=code_of("draw_segmentation"),
    script:
        "../workflow/scripts/draw_segmentation.py"


rule draw_reconstructions:
    """Draw CT patches and their VAE-GAN reconstructions (Figure 2), and patches that it imagines."""
    input:
        reconstructions="results/latent/reconstructions.h5",
        imagined="results/latent/imagined.h5",
    output:
        svg=in_report("results/figures/reconstructions.svg", "Features"),
        png="results/figures/reconstructions.png",
        table="results/figures/reconstructions.tsv",
        imagined_svg=in_report("results/figures/imagined.svg", "Features"),
        imagined_png="results/figures/imagined.png",
        imagined_table="results/figures/imagined.tsv",
    log:
        "logs/draw_reconstructions.log",
    benchmark:
        "benchmarks/draw_reconstructions.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        settings=config["figures"],
        code=code_of("draw_reconstructions"),
    script:
        "../workflow/scripts/draw_reconstructions.py"


rule draw_performance:
    """Draw the AUC of every model (Figure 3), the best beside their comparators, and the ranks of feature sets."""
    input:
        metrics="results/evaluation/metrics.tsv",
    output:
        auc_svg=in_report("results/figures/auc.svg", "Prediction"),
        auc_png="results/figures/auc.png",
        auc_table="results/figures/auc.tsv",
        oracle_svg=in_report("results/figures/oracle.svg", "Prediction"),
        oracle_png="results/figures/oracle.png",
        oracle_table="results/figures/oracle.tsv",
        ranks_svg=in_report("results/figures/ranks.svg", "Prediction"),
        ranks_png="results/figures/ranks.png",
        ranks_table="results/figures/ranks.tsv",
    log:
        "logs/draw_performance.log",
    benchmark:
        "benchmarks/draw_performance.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        dpi=config["figures"]["dpi"],
        code=code_of("draw_performance"),
    script:
        "../workflow/scripts/draw_performance.py"


rule draw_curves:
    """Draw the calibration (Figure 4) and the decision curves of the best model of each outcome."""
    input:
        metrics="results/evaluation/metrics.tsv",
        calibration="results/evaluation/calibration.tsv",
        decision="results/evaluation/decision.tsv",
    output:
        calibration_svg=in_report("results/figures/calibration.svg", "Prediction"),
        calibration_png="results/figures/calibration.png",
        calibration_table="results/figures/calibration.tsv",
        decision_svg=in_report("results/figures/decision.svg", "Prediction"),
        decision_png="results/figures/decision.png",
        decision_table="results/figures/decision.tsv",
    log:
        "logs/draw_curves.log",
    benchmark:
        "benchmarks/draw_curves.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        dpi=config["figures"]["dpi"],
        code=code_of("draw_curves"),
    script:
        "../workflow/scripts/draw_curves.py"


rule draw_shap:
    """Draw the share of SHAP importance of each feature block (Figure 5)."""
    input:
        shap="results/explanation/shap.tsv",
    output:
        svg=in_report("results/figures/shap.svg", "Explanation"),
        png="results/figures/shap.png",
        table="results/figures/shap.tsv",
    log:
        "logs/draw_shap.log",
    benchmark:
        "benchmarks/draw_shap.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        dpi=config["figures"]["dpi"],
        code=code_of("draw_shap"),
    script:
        "../workflow/scripts/draw_shap.py"


rule draw_saliency:
    """Draw where the segmentation latents that raise the predicted risk come from (3D Grad-CAM)."""
    input:
        saliency="results/explanation/saliency_{outcome}.h5",
        grids=[f"results/preprocessing/{role}.tsv" for role in PATIENT_ROLES],
    output:
        svg=in_report("results/figures/saliency_{outcome}.svg", "Explanation", caption="saliency"),
        png="results/figures/saliency_{outcome}.png",
        table="results/figures/saliency_{outcome}.tsv",
    log:
        "logs/draw_saliency/{outcome}.log",
    benchmark:
        "benchmarks/draw_saliency/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    resources:
        **growing(mem_mb=1500),
    params:
        settings=config["figures"],
        code=code_of("draw_saliency"),
    script:
        "../workflow/scripts/draw_saliency.py"
