"""Latent features: the segmentation network's bottlenecks, and the VAE-GAN's code of the dilated lesion.

What is in the ledger is made by a rule only while it does not stand (see `LedgerStatus`): its wildcard matches nothing else.

Reads: ledger/training.tsv, results/conversion/sub-{subject}_baseline_ct.nii.gz, the baseline masks,
    results/preprocessing/development.tsv, results/segmentation/networks.json, ledger/segmentation/cleanup.json,
    results/preprocessing/sub-{subject}_grids.npz, ledger/segmentation/dual_final/
Writes: results/latent/patches/{batch}.h5, results/latent/patches/development.json,
    ledger/latent/{model}/{weights.safetensors,card.json,curve.tsv,data.tsv,run.json}, results/latent/batches/{batch}.h5,
    results/latent/{role}.{h5,tsv}, results/latent/reconstructions.h5, results/latent/imagined.h5,
    results/latent/reconstruction.tsv
"""

VAEGAN = {"config": {name: config[name] for name in ("latent", "segmentation", "seed")}, "patches": PATCHES}
MANUAL = config["segmentation"]["masks"] == "manual"
MASKS_BY = {  # what draws the masks is a part of what the VAE-GAN is
    "networks": branch(MANUAL, then=[], otherwise="results/segmentation/networks.json"),
    "cleanup": branch(MANUAL, then=[], otherwise="ledger/segmentation/cleanup.json"),
}


rule cut_patches:
    """Cut the cube around each dilated baseline lesion of a batch and bring it to one size."""
    input:
        unpack(files_of_batch("scan/{subject}", "results/conversion/sub-{subject}_baseline_ct.nii.gz")),
        unpack(lambda wildcards: {f"mask/{subject}": mask_of(subject) for subject in members_of(wildcards.batch)}),
    output:
        patches="results/latent/patches/{batch}.h5",
    log:
        "logs/cut_patches/{batch}.log",
    benchmark:
        "benchmarks/cut_patches/{batch}.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        settings=PATCHES,
    script:
        "../workflow/scripts/cut_patches.py"


rule list_patches:
    """List the patch stores of the development cohort."""
    input:
        unpack(
            lambda wildcards: named("batch/{batch}", rules.cut_patches.output.patches, batch=batches_of("development"))
        ),
    output:
        stores="results/latent/patches/development.json",
    log:
        "logs/list_patches.log",
    benchmark:
        "benchmarks/list_patches.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        members=lambda wildcards: {batch: members_of(batch) for batch in batches_of("development")},
    script:
        "../workflow/scripts/list_patches.py"


rule train_vaegan:
    """Train the variational autoencoder with discriminator on the lesion patches of the locked list."""
    input:
        **MASKS_BY,
        training="ledger/training.tsv",
        patches=rules.list_patches.output.stores,
        grids="results/preprocessing/development.tsv",
    output:
        **trained_files("ledger/latent/{model}"),
    log:
        "logs/train_vaegan/{model}.log",
    benchmark:
        "benchmarks/train_vaegan/{model}.tsv"
    wildcard_constraints:
        model=standing().due_pattern("vaegan"),
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=8000, runtime=1440),
        gpu=1,
    params:
        identity=VAEGAN | {"code": standing().code["vaegan"]},
        away=standing().excluded_subjects,
        checkpoint="checkpoints/latent/{model}.pt",
        checkpoint_every_epochs=config["latent"]["training"]["checkpoint_every_epochs"],
        why=lambda wildcards: standing().describe(wildcards.model),
    message:
        "Train the VAE-GAN: {params.why}"
    script:
        "../workflow/scripts/train_vaegan.py"


rule extract_latents:
    """Extract both encoders' last stages and the VAE-GAN's mean for the baseline scans of a batch."""
    input:
        unpack(files_of_batch("grids/{subject}", "results/preprocessing/sub-{subject}_grids.npz")),
        patches=rules.cut_patches.output.patches,
        network="ledger/segmentation/dual_final/weights.safetensors",
        network_card="ledger/segmentation/dual_final/card.json",
        vaegan="ledger/latent/vaegan/weights.safetensors",
        vaegan_card="ledger/latent/vaegan/card.json",
    output:
        latents="results/latent/batches/{batch}.h5",
    log:
        "logs/extract_latents/{batch}.log",
    benchmark:
        "benchmarks/extract_latents/{batch}.tsv"
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=6000),
        gpu=1,
    params:
        precision=config["latent"]["precision"],
    script:
        "../workflow/scripts/extract_latents.py"


rule gather_latents:
    """Gather the latent features of a cohort in one store, by links: they are written once; infinite ones leave out."""
    input:
        batches=lambda wildcards: collect(rules.extract_latents.output.latents, batch=batches_of(wildcards.role)),
    output:
        latents="results/latent/{role}.h5",
        judged="results/latent/{role}.tsv",
    log:
        "logs/gather_latents/{role}.log",
    benchmark:
        "benchmarks/gather_latents/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/gather_latents.py"


rule reconstruct_patches:
    """Reconstruct patches of a few external participants with the VAE-GAN, and decode some that nobody has."""
    input:
        patches=lambda wildcards: collect(rules.cut_patches.output.patches, batch=batches_of("external")),
        weights="ledger/latent/vaegan/weights.safetensors",
        card="ledger/latent/vaegan/card.json",
    output:
        reconstructions="results/latent/reconstructions.h5",
        imagined="results/latent/imagined.h5",
    log:
        "logs/reconstruct_patches.log",
    benchmark:
        "benchmarks/reconstruct_patches.tsv"
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=4000),
        gpu=1,
    params:
        examples=config["latent"]["examples"],
        seed=config["seed"],
    script:
        "../workflow/scripts/reconstruct_patches.py"


rule compare_reconstructions:
    """Compare the VAE-GAN's error on external patches with that of a PCA of as many latents."""
    input:
        stores=rules.list_patches.output.stores,
        external=rules.reconstruct_patches.input.patches,
        weights="ledger/latent/vaegan/weights.safetensors",
        card="ledger/latent/vaegan/card.json",
    output:
        table=in_report("results/latent/reconstruction.tsv", "Features", table="reconstruction error"),
    log:
        "logs/compare_reconstructions.log",
    benchmark:
        "benchmarks/compare_reconstructions.tsv"
    conda:
        "../envs/deep.yaml"
    resources:
        **growing(mem_mb=lambda: 6000 + 2 * len(subjects_of("development"))),
        gpu=1,
    script:
        "../workflow/scripts/compare_reconstructions.py"
