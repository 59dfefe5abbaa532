"""Latent features: the segmentation network's bottlenecks, and the VAE-GAN's code of the dilated lesion.

Reads: ledger/training.tsv, results/cohort/sub-{subject}_baseline_ct.nii.gz, the baseline masks,
    results/preprocessing/sub-{subject}_grids.npz, results/segmentation/models/dual_final/
Writes: results/latent/patches/{batch}.h5, results/latent/patches/development.json,
    results/latent/models/vaegan/{weights.safetensors,card.json,curve.tsv}, results/latent/batches/{batch}.h5,
    results/latent/{role}.h5, results/latent/reconstructions.h5, results/latent/imagined.h5,
    results/latent/reconstruction.tsv
"""


rule cut_patches:
    """Cut the cube around each dilated baseline lesion of a batch and bring it to one size."""
    input:
        scans=lambda wildcards: collect(
            "results/cohort/sub-{subject}_baseline_ct.nii.gz", subject=members_of(wildcards.batch)
        ),
        masks=lambda wildcards: [mask_of(subject) for subject in members_of(wildcards.batch)],
    output:
        patches="results/latent/patches/{batch}.h5",
    log:
        "logs/cut_patches/{batch}.log",
    benchmark:
        "benchmarks/cut_patches/{batch}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(2000),
        runtime=grow(60),
    params:
        subjects=lambda wildcards: members_of(wildcards.batch),
        settings=PATCHES,
        code=code_of("cut_patches"),
    script:
        "../workflow/scripts/cut_patches.py"


rule list_patches:
    """List the patch stores of the development cohort."""
    input:
        patches=lambda wildcards: collect(rules.cut_patches.output.patches, batch=batches_of("development")),
    output:
        stores="results/latent/patches/development.json",
    log:
        "logs/list_patches.log",
    benchmark:
        "benchmarks/list_patches.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(10),
    params:
        members=lambda wildcards: [members_of(batch) for batch in batches_of("development")],
        code=code_of("list_patches"),
    script:
        "../workflow/scripts/list_patches.py"


rule train_vaegan:
    """Train the variational autoencoder with discriminator on the lesion patches of the locked list."""
    input:
        training="ledger/training.tsv",
        patches=ancient(rules.list_patches.output.stores),
    output:
        weights="results/latent/models/vaegan/weights.safetensors",
        card="results/latent/models/vaegan/card.json",
        curve="results/latent/models/vaegan/curve.tsv",
    log:
        "logs/train_vaegan.log",
    benchmark:
        "benchmarks/train_vaegan.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        mem_mb=grow(8000),
        runtime=grow(1440),
        gpu=1,
    params:
        settings={
            **{part: config["latent"][part] for part in ("patches", "network", "training")},
            "window_hu": config["preprocessing"]["window_hu"],
            "seed": config["seed"],
        },
        checkpoint="checkpoints/latent/vaegan.pt",
        code=code_of("train_vaegan"),
    script:
        "../workflow/scripts/train_vaegan.py"


rule extract_latents:
    """Extract both encoders' last stages and the VAE-GAN's mean for the baseline scans of a batch."""
    input:
        grids=lambda wildcards: collect(
            "results/preprocessing/sub-{subject}_grids.npz", subject=members_of(wildcards.batch)
        ),
        patches=rules.cut_patches.output.patches,
        network="results/segmentation/models/dual_final/weights.safetensors",
        network_card=ancient("results/segmentation/models/dual_final/card.json"),
        vaegan=rules.train_vaegan.output.weights,
        vaegan_card=ancient(rules.train_vaegan.output.card),
    output:
        latents="results/latent/batches/{batch}.h5",
    log:
        "logs/extract_latents/{batch}.log",
    benchmark:
        "benchmarks/extract_latents/{batch}.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        mem_mb=grow(6000),
        runtime=grow(60),
        gpu=1,
    params:
        subjects=lambda wildcards: members_of(wildcards.batch),
        precision=config["latent"]["precision"],
        code=code_of("extract_latents"),
    script:
        "../workflow/scripts/extract_latents.py"


rule gather_latents:
    """Gather the latent features of a cohort in one store, by links: they are written once."""
    input:
        batches=lambda wildcards: collect(rules.extract_latents.output.latents, batch=batches_of(wildcards.role)),
    output:
        latents="results/latent/{role}.h5",
    log:
        "logs/gather_latents/{role}.log",
    benchmark:
        "benchmarks/gather_latents/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=grow(1000),
        runtime=grow(60),
    params:
        code=code_of("gather_latents"),
    script:
        "../workflow/scripts/gather_latents.py"


rule reconstruct_patches:
    """Reconstruct patches of a few external participants with the VAE-GAN, and decode some that nobody has."""
    input:
        patches=lambda wildcards: collect(rules.cut_patches.output.patches, batch=batches_of("external")),
        weights=rules.train_vaegan.output.weights,
        card=ancient(rules.train_vaegan.output.card),
    output:
        reconstructions="results/latent/reconstructions.h5",
        imagined="results/latent/imagined.h5",
    log:
        "logs/reconstruct_patches.log",
    benchmark:
        "benchmarks/reconstruct_patches.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        mem_mb=grow(4000),
        runtime=grow(30),
        gpu=1,
    params:
        examples=config["latent"]["examples"],
        seed=config["seed"],
        code=code_of("reconstruct_patches"),
    script:
        "../workflow/scripts/reconstruct_patches.py"


rule compare_reconstructions:
    """Compare the VAE-GAN's error on external patches with that of a PCA of as many latents."""
    input:
        stores=rules.list_patches.output.stores,
        external=rules.reconstruct_patches.input.patches,
        weights=rules.train_vaegan.output.weights,
        card=ancient(rules.train_vaegan.output.card),
    output:
        table=report(
            "results/latent/reconstruction.tsv",
            caption="../workflow/report/reconstruction.rst",
            category="Features",
            labels={"table": "reconstruction error"},
        ),
    log:
        "logs/compare_reconstructions.log",
    benchmark:
        "benchmarks/compare_reconstructions.tsv"
    conda:
        "../envs/deep.yaml"
    threads: 1
    resources:
        mem_mb=grow(lambda: 6000 + 2 * len(subjects_of("development"))),
        runtime=grow(60),
        gpu=1,
    params:
        code=code_of("compare_reconstructions"),
    script:
        "../workflow/scripts/compare_reconstructions.py"
