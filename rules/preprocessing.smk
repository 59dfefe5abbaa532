"""Every usable scan on the two isotropic grids that the networks see.

Reads: results/cohort/sub-{subject}_scans.json, results/cohort/{role}_scans.tsv, results/conversion/sub-{subject}_baseline_ct.nii.gz,
    results/conversion/sub-{subject}_followup_ct.nii.gz, results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz,
    results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz
Writes: results/preprocessing/sub-{subject}_grids.npz, results/preprocessing/{role}.tsv
"""


rule preprocess_scans:
    """Orient, window and resample a participant's scans to the fine and the coarse isotropic grid."""
    input:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        followup_ct="results/conversion/sub-{subject}_followup_ct.nii.gz",
        baseline_mask="results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz",
        followup_mask="results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz",
        record="results/cohort/sub-{subject}_scans.json",
    output:
        grids="results/preprocessing/sub-{subject}_grids.npz",
    log:
        "logs/preprocess_scans/{subject}.log",
    benchmark:
        "benchmarks/preprocess_scans/{subject}.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        settings=config["preprocessing"],
    script:
        "../workflow/scripts/preprocess_scans.py"


rule list_grids:
    """List the grids of a cohort, and which of them carry a manual mask."""
    input:
        unpack(files_of_role("grids/{subject}", rules.preprocess_scans.output.grids)),
        scans=rules.list_scans.output.scans,
    output:
        grids="results/preprocessing/{role}.tsv",
    log:
        "logs/list_grids/{role}.log",
    benchmark:
        "benchmarks/list_grids/{role}.tsv"
    conda:
        "../envs/imaging.yaml"
    script:
        "../workflow/scripts/list_grids.py"
