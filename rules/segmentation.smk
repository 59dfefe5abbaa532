"""Hematoma masks: the networks trained once on a locked list, their probabilities, the masks on each scan's own grid.

What is in the ledger is made by a rule only while it does not stand (see `LedgerStatus`): its wildcard matches nothing else.

Reads: results/cohort/development_scans.tsv, results/cohort/sub-{subject}_scans.json,
    results/preprocessing/{role}.tsv, results/preprocessing/sub-{subject}_grids.npz,
    results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz,
    results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz
Writes: ledger/{list}.tsv, ledger/{list}.tsv.sha256, ledger/segmentation/{choice}.json,
    ledger/segmentation/{network}/{weights.safetensors,card.json,curve.tsv,data.tsv,run.json},
    results/segmentation/networks.json, results/segmentation/batches/{batch}.h5,
    results/segmentation/sub-{subject}_{baseline,followup}_desc-hematoma_mask.nii.gz,
    results/segmentation/sub-{subject}_scores.json, results/segmentation/{role}.tsv,
    results/segmentation/{role}_scores.tsv, results/segmentation/{scores,comparison}.tsv
"""

TRAINED_WITH = {name: config[name] for name in ("segmentation", "preprocessing", "seed")}


rule lock_training_list:
    """Lock the list of subjects that the networks are trained on, until a retraining is asked for."""
    input:
        scans="results/cohort/development_scans.tsv",
    output:
        training=update("ledger/{list}.tsv"),
        seal=update("ledger/{list}.tsv.sha256"),
    log:
        "logs/lock_training_list/{list}.log",
    benchmark:
        "benchmarks/lock_training_list/{list}.tsv"
    wildcard_constraints:
        list=standing().due_pattern("training"),
    conda:
        "../envs/imaging.yaml"
    params:
        persons=lambda wildcards: persons_among("development"),
        fold_count=config["folds"],
        retrain=config["segmentation"]["retrain"],
        seed=config["seed"],
    script:
        "../workflow/scripts/lock_training_list.py"


rule train_network:
    """Train a residual U-Net (dual or single scale) on the scans outside one fold, or on all of them."""
    input:
        training="ledger/training.tsv",
        grids="results/preprocessing/development.tsv",
    output:
        **trained_files("ledger/segmentation/{network}"),
    log:
        "logs/train_network/{network}.log",
    benchmark:
        "benchmarks/train_network/{network}.tsv"
    wildcard_constraints:
        network=standing().due_pattern(*NETWORKS),
    conda:
        "../envs/deep.yaml"
    resources:
        # All scans are held, 6.8 MB each.
        **growing(mem_mb=lambda: 10000 + 7 * len(subjects_of("development")), runtime=2880),
        gpu=1,
    params:
        config=TRAINED_WITH,
        away=standing().excluded_subjects,
        checkpoint="checkpoints/segmentation/{network}.pt",
        checkpoint_every_epochs=config["segmentation"]["training"]["checkpoint_every_epochs"],
        code=standing().code["networks"],
        why=lambda wildcards: standing().describe(wildcards.network),
    message:
        "Train network {wildcards.network}: {params.why}"
    script:
        "../workflow/scripts/train_network.py"


rule list_networks:
    """List the trained networks and who is in which fold of theirs."""
    input:
        **named("card/{network}", "ledger/segmentation/{network}/card.json", network=NETWORKS),
        **named("weights/{network}", "ledger/segmentation/{network}/weights.safetensors", network=NETWORKS),
        training="ledger/training.tsv",
    output:
        networks="results/segmentation/networks.json",
    log:
        "logs/list_networks.log",
    benchmark:
        "benchmarks/list_networks.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        networks=NETWORKS,
        away=standing().excluded_subjects,
        persons=lambda wildcards: persons_among("development"),
    script:
        "../workflow/scripts/list_networks.py"


rule segment_batch:
    """Compute lesion probabilities of a batch of participants, each by a network that was not trained on it."""
    input:
        unpack(files_of_batch("grids/{subject}", "results/preprocessing/sub-{subject}_grids.npz")),
        networks=rules.list_networks.output.networks,
        weights=collect("ledger/segmentation/{network}/weights.safetensors", network=NETWORKS),
    output:
        probabilities="results/segmentation/batches/{batch}.h5",
    log:
        "logs/segment_batch/{batch}.log",
    benchmark:
        "benchmarks/segment_batch/{batch}.tsv"
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=8000),
        gpu=1,
    params:
        settings=config["segmentation"]["inference"],
    script:
        "../workflow/scripts/segment_batch.py"


rule choose_cleanup:
    """Choose threshold and smallest lesion on scans of the training list, each by the network that never saw it."""
    input:
        training="ledger/training.tsv",
        grids="results/preprocessing/development.tsv",
        networks=rules.list_networks.output.networks,
        weights=rules.segment_batch.input.weights,
    output:
        choice=update("ledger/segmentation/{choice}.json"),
    log:
        "logs/choose_cleanup/{choice}.log",
    benchmark:
        "benchmarks/choose_cleanup/{choice}.tsv"
    wildcard_constraints:
        choice=standing().due_pattern("cleanup"),
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=8000, runtime=120),
        gpu=1,
    params:
        config=TRAINED_WITH,
        away=standing().excluded_subjects,
        code=standing().code["cleanup"],
    script:
        "../workflow/scripts/choose_cleanup.py"


rule restore_masks:
    """Bring a participant's masks back to the scans' own grids and compare them with the manual ones."""
    input:
        baseline_mask="results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz",
        followup_mask="results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz",
        record="results/cohort/sub-{subject}_scans.json",
        grids="results/preprocessing/sub-{subject}_grids.npz",
        networks=rules.list_networks.output.networks,
        cleanup="ledger/segmentation/cleanup.json",
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
    params:
        min_lesion_ml=config["cohort"]["min_lesion_ml"],
        masks=config["segmentation"]["masks"],
        inference=config["segmentation"]["inference"],  # the batch is ancient: what it is made with counts here
        code=[code_of("restore_masks"), code_of("segment_batch")],
    script:
        "../workflow/scripts/restore_masks.py"


rule gather_masks:
    """Gather predicted hematoma volumes of a cohort, who has no hematoma to go on with, and the scores of both networks."""
    input:
        unpack(files_of_role("sub-{subject}", rules.restore_masks.output.scores)),
    output:
        volumes="results/segmentation/{role}.tsv",
        scores="results/segmentation/{role}_scores.tsv",
    log:
        "logs/gather_masks/{role}.log",
    benchmark:
        "benchmarks/gather_masks/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/gather_masks.py"


rule join_scores:
    """Join Dice, surface distances, volumes and lesions of the cohorts, and test one network against the other."""
    input:
        scores=collect(rules.gather_masks.output.scores, role=PATIENT_ROLES),
    output:
        scores=in_report("results/segmentation/scores.tsv", "Segmentation", table="Dice, HD95, volumes"),
        comparison=in_report("results/segmentation/comparison.tsv", "Segmentation", table="dual and single scale"),
    log:
        "logs/join_scores.log",
    benchmark:
        "benchmarks/join_scores.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/join_scores.py"
