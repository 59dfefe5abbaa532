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
        Column("warnings", "what its checks warn of", missing=True),
        Column("digest", "digest of the voxels, the same for the same image", missing=True),
        Column("mask_digest", "digest of the manual mask, the same for the same mask", missing=True),
    ),
)

SCAN_CHECKS = Schema(
    "scan_checks",
    (
        SUBJECT,
        TIMEPOINT,
        Column("check", "name of the check, as in config cohort.quality.limits"),
        number("value", "what was measured", missing=True),
        number("low", "lowest value allowed"),
        number("high", "highest value allowed"),
        Column("unit", "unit of the value", missing=True),
        Column("verdict", "how it ended", values=VERDICTS),
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
        number("n", "scans it was measured on", low=0),
        number("median", "median of the values", missing=True),
        number("smallest", "smallest value", missing=True),
        number("largest", "largest value", missing=True),
        number("warned", "scans it warns of", low=0),
        number("failed", "scans it left out", low=0),
    ),
)

SENSITIVITY = Schema(
    "sensitivity",
    (
        Column("outcome", "name of the outcome, as in the config"),
        Column("volume", "the volume it reads"),
        ROLE,
        number("compared", "participants whose volume is known from manual and predicted masks", low=0),
        number("bias_ml", "mean of predicted less manual", "mL", missing=True),
        number("error_ml", "95th percentile of the absolute difference", "mL", 0, missing=True),
        number("n", "included participants of the role with the outcome", low=0),
        number("within", "of them, those whose label changes when the volume moves by error_ml", low=0, missing=True),
        number("both", "of them, those with volumes from manual and predicted masks", low=0),
        number("differ", "of these, those whose label differs between the two", low=0),
    ),
)

FOLDS = Schema(
    "folds",
    (
        SUBJECT,
        Column("outcome", "outcome the fold is drawn for; 'segmentation' for the networks' cross-validation"),
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
        Column("volume_source", "where the volumes come from", values=("manual", "predicted", "sheet"), missing=True),
    ),
)

FLOW = Schema(
    "flow",
    (
        COHORT,
        ROLE,
        Column("step", "where in the flow", values=STEPS),
        Column("outcome", "the outcome that is with, with event, or without", missing=True),
        Column("reason", "why excluded, or why without the outcome", missing=True),
        number("n", "participants", low=0),
    ),
)
