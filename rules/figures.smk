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
        **figure_files("cohort_flow", "Cohort"),
    log:
        "logs/draw_cohort_flow.log",
    benchmark:
        "benchmarks/draw_cohort_flow.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        dpi=config["figures"]["dpi"],
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
        **figure_files("segmentation_examples", "Segmentation"),
    log:
        "logs/draw_segmentation_examples.log",
    benchmark:
        "benchmarks/draw_segmentation_examples.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=config["figures"],
        window_hu=config["preprocessing"]["window_hu"],
    script:
        "../workflow/scripts/draw_segmentation_examples.py"


rule draw_segmentation:
    """Draw the Dice of both networks, their volumes beside the manual ones (Bland-Altman), and all learning curves."""
    input:
        scores="results/segmentation/scores.tsv",
        curves=[*collect(CURVES, network=NETWORKS), "ledger/latent/vaegan/curve.tsv"],
    output:
        **figure_files("dice", "Segmentation", prefix="dice_"),
        **figure_files("bland_altman", "Segmentation", prefix="volumes_"),
        **figure_files("learning_curves", "Segmentation", prefix="curves_"),
    log:
        "logs/draw_segmentation.log",
    benchmark:
        "benchmarks/draw_segmentation.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        dpi=config["figures"]["dpi"],
    script:
        "../workflow/scripts/draw_segmentation.py"


rule draw_reconstructions:
    """Draw CT patches and their VAE-GAN reconstructions (Figure 2), and patches that it imagines."""
    input:
        reconstructions="results/latent/reconstructions.h5",
        imagined="results/latent/imagined.h5",
    output:
        **figure_files("reconstructions", "Features"),
        **figure_files("imagined", "Features", prefix="imagined_"),
    log:
        "logs/draw_reconstructions.log",
    benchmark:
        "benchmarks/draw_reconstructions.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=config["figures"],
    script:
        "../workflow/scripts/draw_reconstructions.py"


rule draw_performance:
    """Draw the AUC of every model (Figure 3), the best beside their comparators, and the ranks of feature sets."""
    input:
        metrics="results/evaluation/metrics.tsv",
    output:
        **figure_files("auc", "Prediction", prefix="auc_"),
        **figure_files("oracle", "Prediction", prefix="oracle_"),
        **figure_files("ranks", "Prediction", prefix="ranks_"),
    log:
        "logs/draw_performance.log",
    benchmark:
        "benchmarks/draw_performance.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        dpi=config["figures"]["dpi"],
    script:
        "../workflow/scripts/draw_performance.py"


rule draw_curves:
    """Draw the calibration (Figure 4) and the decision curves of the best model of each outcome."""
    input:
        metrics="results/evaluation/metrics.tsv",
        calibration="results/evaluation/calibration.tsv",
        decision="results/evaluation/decision.tsv",
    output:
        **figure_files("calibration", "Prediction", prefix="calibration_"),
        **figure_files("decision", "Prediction", prefix="decision_"),
    log:
        "logs/draw_curves.log",
    benchmark:
        "benchmarks/draw_curves.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        dpi=config["figures"]["dpi"],
    script:
        "../workflow/scripts/draw_curves.py"


rule draw_shap:
    """Draw the share of SHAP importance of each feature block (Figure 5)."""
    input:
        shap="results/explanation/shap.tsv",
    output:
        **figure_files("shap", "Explanation"),
    log:
        "logs/draw_shap.log",
    benchmark:
        "benchmarks/draw_shap.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        dpi=config["figures"]["dpi"],
    script:
        "../workflow/scripts/draw_shap.py"


rule draw_saliency:
    """Draw where the segmentation latents that raise the predicted risk come from (3D Grad-CAM)."""
    input:
        saliency="results/explanation/saliency_{outcome}.h5",
        grids=[f"results/preprocessing/{role}.tsv" for role in PATIENT_ROLES],
    output:
        **figure_files("saliency_{outcome}", "Explanation", caption="saliency"),
    log:
        "logs/draw_saliency/{outcome}.log",
    benchmark:
        "benchmarks/draw_saliency/{outcome}.tsv"
    conda:
        "../envs/statistics.yaml"
    params:
        settings=config["figures"],
    script:
        "../workflow/scripts/draw_saliency.py"
