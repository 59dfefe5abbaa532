"""A synthetic study with known truth, to try the whole workflow without patient data.

Reads: nothing
Writes: phantom/participants.tsv, phantom/truth.json, phantom/sub-{subject}_baseline_ct.nii.gz,
    phantom/sub-{subject}_followup_ct.nii.gz, phantom/sub-{subject}_baseline_mask.nii.gz,
    phantom/sub-{subject}_followup_mask.nii.gz
"""

from ichdag.phantom import PhantomSettings, phantom_subjects

SHEET = ("development", "external", "prediction", "faulty", "signal")


rule draw_phantom_cohort:
    """Draw the participants of the synthetic study: hematomas, covariates, outcomes and their true probabilities."""
    output:
        participants="phantom/participants.tsv",
        truth="phantom/truth.json",
    log:
        "logs/draw_phantom_cohort.log",
    benchmark:
        "benchmarks/draw_phantom_cohort.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        settings=settings("phantom", *SHEET),
        seed=config["seed"],
        outcomes=config["outcomes"],
    script:
        "../workflow/scripts/draw_phantom_cohort.py"


rule draw_phantom_scans:
    """Draw the baseline and follow-up head CT of one synthetic participant, and the hematoma masks."""
    output:
        baseline_ct="phantom/sub-{subject}_baseline_ct.nii.gz",
        followup_ct="phantom/sub-{subject}_followup_ct.nii.gz",
        baseline_mask="phantom/sub-{subject}_baseline_mask.nii.gz",
        followup_mask="phantom/sub-{subject}_followup_mask.nii.gz",
    log:
        "logs/draw_phantom_scans/{subject}.log",
    benchmark:
        "benchmarks/draw_phantom_scans/{subject}.tsv"
    conda:
        "../envs/imaging.yaml"
    params:
        scanner=settings("phantom", "matrix", "field_of_view_mm", "slice_thickness_mm"),
        people=settings("phantom", "signal", "faulty") | {"seed": config["seed"]},
    script:
        "../workflow/scripts/draw_phantom_scans.py"


rule phantom:
    """Draw the whole synthetic study: participants sheet, scans and masks."""
    input:
        participants=rules.draw_phantom_cohort.output.participants,
        scans=collect(
            rules.draw_phantom_scans.output,
            subject=phantom_subjects(PhantomSettings(**settings("phantom", *SHEET))),
        ),
    localrule: True
