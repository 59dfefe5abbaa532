"""Conversion: DICOM, NIfTI and NRRD originals as scans in HU and masks on their grids.

Reads: the scans and masks that the participants sheet names
Writes: results/conversion/sub-{subject}_baseline_ct.nii.gz, results/conversion/sub-{subject}_followup_ct.nii.gz,
    results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz,
    results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz, results/conversion/sub-{subject}_conversion.json
"""

from ichdag.conversion.fingerprint import fingerprint

CONVERTED_BY = ["baseline_series", "followup_series", "onset_to_ct_hours", "followup_hours"]
CONVERSION = settings("conversion", "masks_on_other_grids", "dicom") | settings("preprocessing", "head_hu")
CONVERSION |= settings("cohort", "min_lesion_ml", "max_lesion_ml")


rule convert_scans:
    """Convert a participant's DICOM, NIfTI or NRRD originals to scans in HU and masks on their grids, header left behind."""
    input:
        # Of originals no name may be kept or printed: Snakemake is told of those alone that it makes itself.
        unpack(lambda wildcards: phantom_originals(participants.rows[wildcards.subject])),
    output:
        baseline_ct="results/conversion/sub-{subject}_baseline_ct.nii.gz",
        followup_ct="results/conversion/sub-{subject}_followup_ct.nii.gz",
        baseline_mask="results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz",
        followup_mask="results/conversion/sub-{subject}_followup_desc-manual_mask.nii.gz",
        record="results/conversion/sub-{subject}_conversion.json",
    log:
        "logs/convert_scans/{subject}.log",
    benchmark:
        "benchmarks/convert_scans/{subject}.tsv"
    conda:
        "../envs/conversion.yaml"
    resources:
        **growing(mem_mb=3000),
    params:
        settings=CONVERSION,
        row=lambda wildcards: PrivateParams(participants.cells_of(wildcards.subject, [*FILES, *CONVERTED_BY])),
        # Snakemake sees a newer file, not an older one, and not one that was added to a folder.
        originals=lambda wildcards: fingerprint(
            participants.cells_of(wildcards.subject, FILES),
            max_files=config["conversion"]["dicom"]["max_files"],
        ),
        temporary="temporary/convert_scans/sub-{subject}",  # of originals that are unpacked: within the study
    script:
        "../workflow/scripts/convert_scans.py"
