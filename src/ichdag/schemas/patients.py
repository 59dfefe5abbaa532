"""Tables of participants and scans, up to the features."""

from ichdag.schemas.columns import COHORT, REASON, ROLE, STAGE, STATUS, SUBJECT, TIMEPOINT, VOLUME, Column, number
from ichdag.schemas.names import VARIANTS

VERDICTS = ("passed", "warned", "failed", "not measured")
FLOW = ("enrolled", "excluded", "included", "with outcome", "with event", "without outcome")

PATIENTS: dict[str, list[Column]] = {
    "scans": [
        SUBJECT,
        TIMEPOINT,
        STATUS,
        STAGE,
        REASON,
        number("manual_volume_ml", "lesion volume in the manual mask", **VOLUME),
        Column("spacing_mm", "voxel size i x j x k", missing=True),
        Column("kind", "what the scan was converted from", values=("dicom", "nifti"), missing=True),
        Column("warnings", "what its checks warn of", missing=True),
        Column("digest", "digest of the voxels, the same for the same image", missing=True),
        Column("mask_digest", "digest of the manual mask, the same for the same mask", missing=True),
    ],
    "scan_checks": [
        SUBJECT,
        TIMEPOINT,
        Column("check", "name of the check, as in config cohort.quality.limits"),
        number("value", "what was measured", missing=True),
        number("low", "lowest value allowed"),
        number("high", "highest value allowed"),
        Column("unit", "unit of the value", missing=True),
        Column("verdict", "how it ended", values=VERDICTS),
    ],
    "quality": [
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
    ],
    "sensitivity": [
        Column("outcome", "name of the outcome, as in the config"),
        Column("volume", "the volume it reads"),
        ROLE,
        number("compared", "participants whose volume is known from manual and predicted masks", low=0),
        number("bias_ml", "mean of predicted less manual", "mL", missing=True),
        number("error_ml", "95th percentile of the absolute difference", "mL", 0, missing=True),
        number("n", "included participants of the role with the outcome", low=0),
        number("within", "of them, those whose label changes if the volume is moved by error_ml", low=0, missing=True),
        number("both", "of them, those with volumes from manual and predicted masks", low=0),
        number("differ", "of these, those whose label differs between the two", low=0),
    ],
    "folds": [
        SUBJECT,
        Column("outcome", "outcome the fold is drawn for; 'segmentation' for the networks' cross-validation"),
        number("fold", "validation fold of the subject; fold f belongs to repeat f // folds", low=0),
    ],
    "trained_on": [
        SUBJECT,
        Column("digest", "digest of the voxels of the baseline scan when the model was trained", missing=True),
        Column("mask_digest", "digest of its manual mask when the model was trained", missing=True),
    ],
    "training": [
        SUBJECT,
        number("fold", "validation fold in the networks' cross-validation", low=0),
        number("retrain", "value of config segmentation.retrain the list was drawn for", optional=True),
    ],
    "grids": [
        SUBJECT,
        TIMEPOINT,
        Column("path", "npz file of the grids, relative to the study directory"),
        Column("manual", "whether a manual mask is on the grid", values=("yes", "no")),
    ],
    "volumes": [
        SUBJECT,
        STATUS,
        STAGE,
        REASON,
        number("baseline_predicted_ml", "lesion volume in the predicted baseline mask", **VOLUME),
        number("followup_predicted_ml", "lesion volume in the predicted follow-up mask", **VOLUME),
    ],
    "scores": [
        SUBJECT,
        ROLE,
        Column("variant", "network: dual scale or single scale", values=VARIANTS),
        Column("fold", "fold whose network drew the mask, 'final' for external and later participants"),
        number("dice", "Dice similarity coefficient with the manual mask, native grid", low=0, high=1, missing=True),
        number("hd95_mm", "95th percentile of the symmetric surface distance", "mm", 0, missing=True),
        number("surface_mm", "mean symmetric surface distance", "mm", 0, missing=True),
        number("manual_ml", "manual lesion volume", "mL", 0, missing=True),
        number("predicted_ml", "predicted lesion volume", "mL", 0, missing=True),
        *[
            number(f"{kind}_{size}", f"{meaning}, {size.replace('_', ' ').replace('ml', ' mL')}", low=0, missing=True)
            for kind, meaning in (
                ("lesions", "connected parts of the manual mask"),
                ("missed", "of them without a voxel in the predicted mask"),
                ("false", "connected parts of the predicted mask without a voxel in the manual one"),
            )
            for size in ("below_1ml", "1_to_10ml", "above_10ml")
        ],
    ],
    "participants": [
        SUBJECT,
        COHORT,
        ROLE,
        STATUS,
        STAGE,
        REASON,
        number("age", "age at admission; 89 stands for 89 and over", "years", 0, 130, missing=True, optional=True),
        Column("sex", "sex", values=("F", "M"), missing=True, optional=True),
        number("baseline_volume_ml", "hematoma volume at admission", **VOLUME),
        number("followup_volume_ml", "hematoma volume at follow-up", **VOLUME),
        number("expansion_ml", "follow-up minus baseline volume", "mL", missing=True),
        Column("volume_source", "where the volumes come from", values=("manual", "predicted", "sheet"), missing=True),
    ],
    "flow": [
        COHORT,
        ROLE,
        Column("step", "where in the flow", values=FLOW),
        Column("outcome", "the outcome that is with, with event, or without", missing=True),
        Column("reason", "why excluded, or why without the outcome", missing=True),
        number("n", "participants", low=0),
    ],
    "features": [
        SUBJECT,
        STATUS,
        REASON,
        Column(
            "missing", "why features of an included participant are missing, and how many", missing=True, optional=True
        ),
    ],
    "repeatability": [
        Column("feature", "radiomic feature"),
        number("n", "development participants with the feature in every repeat", low=0),
        number("repeats", "extractions of a participant: one as it is, the others perturbed", low=2),
        number("icc", "intraclass correlation ICC(1,1) over the repeats", high=1, missing=True),
        number("low", "lower end of its 95% interval", missing=True),
        number("high", "upper end of its 95% interval", missing=True),
        Column("stable", "whether the correlation reaches the smallest one allowed", values=("yes", "no")),
    ],
    "reduced": [SUBJECT],
    "new_predictions": [
        SUBJECT,
        STATUS,
        REASON,
        number(
            "baseline_volume_ml", "hematoma volume in the predicted mask; then one probability an outcome", **VOLUME
        ),
    ],
}
