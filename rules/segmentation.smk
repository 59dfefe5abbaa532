"""Hematoma masks: the networks trained once on a locked list, their probabilities, the masks on each scan's own grid.

Reads: results/cohort/folds.tsv, results/cohort/sub-{subject}_scans.json, results/preprocessing/{role}.tsv,
    results/preprocessing/sub-{subject}_grids.npz, results/cohort/sub-{subject}_baseline_desc-manual_mask.nii.gz,
    results/cohort/sub-{subject}_followup_desc-manual_mask.nii.gz
Writes: ledger/training.tsv, results/segmentation/models/{variant}_{fold}/weights.safetensors,
    results/segmentation/models/{variant}_{fold}/card.json, results/segmentation/models/{variant}_{fold}/curve.tsv,
    results/segmentation/networks.json, results/segmentation/cleanup.json,
    results/segmentation/batches/{batch}.h5, results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz,
    results/segmentation/sub-{subject}_followup_desc-hematoma_mask.nii.gz,
    results/segmentation/sub-{subject}_scores.json, results/segmentation/{role}.tsv,
    results/segmentation/{role}_scores.tsv, results/segmentation/scores.tsv, results/segmentation/comparison.tsv
"""


rule lock_training_list:
    """Lock the list of subjects that the networks are trained on, until a retraining is asked for."""
    input:
        folds=ancient("results/cohort/folds.tsv"),
    output:
        training=update("ledger/training.tsv"),
    log:
        "logs/lock_training_list.log",
    benchmark:
        "benchmarks/lock_training_list.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        retrain=config["segmentation"]["retrain"],
    script:
        "../workflow/scripts/lock_training_list.py"


rule train_network:
    """Train a residual U-Net (dual or single scale) on the scans outside one fold, or on all of them."""
    input:
        training=rules.lock_training_list.output.training,
        grids=ancient("results/preprocessing/development.tsv"),
    output:
        weights="results/segmentation/models/{variant}_{fold}/weights.safetensors",
        card="results/segmentation/models/{variant}_{fold}/card.json",
        curve="results/segmentation/models/{variant}_{fold}/curve.tsv",
    log:
        "logs/train_network/{variant}_{fold}.log",
    benchmark:
        "benchmarks/train_network/{variant}_{fold}.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=grow(lambda: 10000 + 7 * len(subjects_of("development"))),  # all scans are held, 6.8 MB each
        runtime=grow(2880),
    params:
        settings={
            **{name: config["segmentation"][name] for name in ("network", "training", "augmentation")},
            "preprocessing": config["preprocessing"],
            "seed": config["seed"],
        },
        checkpoint="checkpoints/segmentation/{variant}_{fold}.pt",
        code=code_of("train_network"),
    script:
        "../workflow/scripts/train_network.py"


rule list_networks:
    """List the trained networks and who is in which fold of theirs."""
    input:
        training=rules.lock_training_list.output.training,
        # A card also says how long a training took; only other weights make the jobs downstream due.
        cards=ancient(collect(rules.train_network.output.card, variant=VARIANTS, fold=NETWORK_FITS)),
        weights=collect(rules.train_network.output.weights, variant=VARIANTS, fold=NETWORK_FITS),
    output:
        networks="results/segmentation/networks.json",
    log:
        "logs/list_networks.log",
    benchmark:
        "benchmarks/list_networks.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        persons=lambda wildcards: persons_of(participants()[subject] for subject in subjects_of("development")),
        code=code_of("list_networks"),
    script:
        "../workflow/scripts/list_networks.py"


rule segment_batch:
    """Compute lesion probabilities of a batch of participants, each by a network that was not trained on it."""
    input:
        networks=rules.list_networks.output.networks,
        weights=rules.list_networks.input.weights,
        grids=lambda wildcards: collect(
            "results/preprocessing/sub-{subject}_grids.npz", subject=members_of(wildcards.batch)
        ),
    output:
        probabilities="results/segmentation/batches/{batch}.h5",
    log:
        "logs/segment_batch/{batch}.log",
    benchmark:
        "benchmarks/segment_batch/{batch}.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow(60),
    params:
        subjects=lambda wildcards: members_of(wildcards.batch),
        settings=config["segmentation"]["inference"],
        code=code_of("segment_batch"),
    script:
        "../workflow/scripts/segment_batch.py"


rule choose_cleanup:
    """Choose threshold and smallest lesion on scans of the training list, each by the network that never saw it."""
    input:
        training=rules.lock_training_list.output.training,
        grids=ancient("results/preprocessing/development.tsv"),
        networks=rules.list_networks.output.networks,
        weights=rules.list_networks.input.weights,
    output:
        cleanup="results/segmentation/cleanup.json",
    log:
        "logs/choose_cleanup.log",
    benchmark:
        "benchmarks/choose_cleanup.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=grow(8000),
        runtime=grow(120),
    params:
        given={name: config["segmentation"][name] for name in ("threshold", "smallest_component_ml")},
        settings=config["segmentation"]["cleanup"],
        inference=config["segmentation"]["inference"],
        code=code_of("choose_cleanup"),
    script:
        "../workflow/scripts/choose_cleanup.py"


rule restore_masks:
    """Bring a participant's masks back to the scans' own grids and compare them with the manual ones."""
    input:
        baseline_mask="results/cohort/sub-{subject}_baseline_desc-manual_mask.nii.gz",
        followup_mask="results/cohort/sub-{subject}_followup_desc-manual_mask.nii.gz",
        record="results/cohort/sub-{subject}_scans.json",
        grids="results/preprocessing/sub-{subject}_grids.npz",
        networks=rules.list_networks.output.networks,
        cleanup=rules.choose_cleanup.output.cleanup,
        probabilities=ancient(lambda wildcards: f"results/segmentation/batches/{batch_of(wildcards.subject)}.h5"),
    output:
        baseline="results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz",
        followup="results/segmentation/sub-{subject}_followup_desc-hematoma_mask.nii.gz",
        scores="results/segmentation/sub-{subject}_scores.json",
    log:
        "logs/restore_masks/{subject}.log",
    benchmark:
        "benchmarks/restore_masks/{subject}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(10),
    params:
        smallest_lesion_ml=config["cohort"]["smallest_lesion_ml"],
        masks=config["segmentation"]["masks"],
        code=[code_of("restore_masks"), code_of("segment_batch")],  # the batch is ancient: its code shows here
    script:
        "../workflow/scripts/restore_masks.py"


rule gather_masks:
    """Gather predicted hematoma volumes of a cohort, who has no hematoma to go on with, and the scores of both networks."""
    input:
        scores=lambda wildcards: collect(rules.restore_masks.output.scores, subject=subjects_of(wildcards.role)),
    output:
        volumes="results/segmentation/{role}.tsv",
        scores="results/segmentation/{role}_scores.tsv",
    log:
        "logs/gather_masks/{role}.log",
    benchmark:
        "benchmarks/gather_masks/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(30),
    params:
        code=code_of("gather_masks"),
    script:
        "../workflow/scripts/gather_masks.py"


rule join_scores:
    """Join Dice, surface distances, volumes and lesions of the cohorts, and test one network against the other."""
    input:
        scores=collect(rules.gather_masks.output.scores, role=PATIENT_ROLES),
    output:
        scores=report(
            "results/segmentation/scores.tsv",
            caption="../workflow/report/scores.rst",
            category="Segmentation",
            labels={"table": "Dice, HD95, volumes"},
        ),
        comparison=report(
            "results/segmentation/comparison.tsv",
            caption="../workflow/report/comparison.rst",
            category="Segmentation",
            labels={"table": "dual and single scale"},
        ),
    log:
        "logs/join_scores.log",
    benchmark:
        "benchmarks/join_scores.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(30),
    params:
        code=code_of("join_scores"),
    script:
        "../workflow/scripts/join_scores.py"
