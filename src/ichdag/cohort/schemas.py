"""Tables of participants and their scans."""

from ichdag.columns import COHORT, REASON, ROLE, STAGE, STATUS, SUBJECT, TIMEPOINT, VOLUME
from ichdag.schema import Column, Schema, number

VERDICTS = ("passed", "warned", "failed", "not measured")
STEPS = ("enrolled", "excluded", "included", "with outcome", "with event", "without outcome")

SCANS = Schema(
    "scans",
    (
        SUBJECT,
        TIMEPOINT,
        STATUS,
        STAGE,
        REASON,
        number("manual_volume_ml", "lesion volume in the manual mask", "mL", **VOLUME),
        Column("spacing_mm", "voxel size i x j x k", missing=True),
        Column("kind", "what the scan was converted from", values=("dicom", "nifti"), missing=True),
        Column("warnings", "warnings of its checks", missing=True),
        Column("digest", "digest of the voxels; equal for equal images", missing=True),
        Column("mask_digest", "digest of the manual mask; equal for equal masks", missing=True),
    ),
)

SCAN_CHECKS = Schema(
    "scan_checks",
    (
        SUBJECT,
        TIMEPOINT,
        Column("check", "name of the check, as in config cohort.quality.limits"),
        number("value", "measured value", missing=True),
        number("low", "lowest value allowed"),
        number("high", "highest value allowed"),
        Column("unit", "unit of the value", missing=True),
        Column("verdict", "result of the check", values=VERDICTS),
    ),
)

QUALITY = Schema(
    "quality",
    (
        ROLE,
        TIMEPOINT,
        Column("check", "name of the check"),
        Column("unit", "unit of the values", missing=True),
        number("low", "lowest value allowed"),
        number("high", "highest value allowed"),
        number("n", "number of scans with a value", low=0),
        number("median", "median of the values", missing=True),
        number("smallest", "smallest value", missing=True),
        number("largest", "largest value", missing=True),
        number("warned", "number of scans with a warning", low=0),
        number("failed", "number of scans that it excluded", low=0),
    ),
)

SENSITIVITY = Schema(
    "sensitivity",
    (
        Column("outcome", "name of the outcome, as in the config"),
        Column("volume", "the volume that the outcome uses"),
        ROLE,
        number("compared", "number of participants with volumes from both manual and predicted masks", low=0),
        number("bias_ml", "mean of predicted minus manual volume", "mL", missing=True),
        number(
            "error_ml",
            "95th percentile of the absolute difference of predicted and manual volume",
            "mL",
            0,
            missing=True,
        ),
        number("n", "number of included participants of the role with a known outcome", low=0),
        number(
            "within",
            "number of these whose label changes if the volume is larger or smaller by error_ml",
            low=0,
            missing=True,
        ),
        number("both", "number of these with volumes from both manual and predicted masks", low=0),
        number("differ", "number of the latter whose label differs between manual and predicted volumes", low=0),
    ),
)

FOLDS = Schema(
    "folds",
    (
        SUBJECT,
        Column(
            "outcome", "outcome that the fold is drawn for; 'segmentation' for the cross-validation of the networks"
        ),
        number("fold", "validation fold of the subject; fold f belongs to repeat f // folds", low=0),
    ),
)

PARTICIPANTS = Schema(
    "participants",
    (
        SUBJECT,
        COHORT,
        ROLE,
        STATUS,
        STAGE,
        REASON,
        number("age", "age at admission; 89 stands for 89 and over", "years", 0, 130, missing=True, optional=True),
        Column("sex", "sex", values=("F", "M"), missing=True, optional=True),
        number("baseline_volume_ml", "hematoma volume at admission", "mL", **VOLUME),
        number("followup_volume_ml", "hematoma volume at follow-up", "mL", **VOLUME),
        number("expansion_ml", "follow-up minus baseline volume", "mL", missing=True),
        Column("volume_source", "source of the volumes", values=("manual", "predicted", "sheet"), missing=True),
    ),
)

FLOW = Schema(
    "flow",
    (
        COHORT,
        ROLE,
        Column("step", "step of the flow", values=STEPS),
        Column("outcome", "outcome of the steps that concern an outcome", missing=True),
        Column("reason", "reason of the exclusion, or of the missing outcome", missing=True),
        number("n", "participants", low=0),
    ),
)
