"""Tables of the networks: who trained them, how it went, what they drew and how well."""

from ichdag.columns import PROBABILITY, REASON, ROLE, STAGE, STATUS, SUBJECT, VOLUME
from ichdag.constants import VARIANTS
from ichdag.schema import Column, NumberOptions, Schema, number

SIZES = ("below_1ml", "1_to_10ml", "above_10ml")
COUNT: NumberOptions = {"low": 0, "missing": True}


def _words(size: str) -> str:
    """Describe a range of lesion volumes."""
    return size.replace("_", " ").replace("ml", " mL")


TRAINING = Schema(
    "training",
    (
        SUBJECT,
        number("fold", "validation fold in the cross-validation of the networks", low=0),
        number("retrain", "value of config segmentation.retrain when the list was made", optional=True),
    ),
)

TRAINED_ON = Schema(
    "trained_on",
    (
        SUBJECT,
        Column("digest", "digest of the voxels of the baseline scan when the model was trained", missing=True),
        Column("mask_digest", "digest of its manual mask when the model was trained", missing=True),
    ),
)
CURVES = Schema(
    "curves",
    (
        Column("model", "network and fold, such as dual_0 or dual_final, or vaegan"),
        number("epoch", "epoch of the training, from 1", low=1),
        Column("term", "measured quantity: loss, dice, volume_ratio; for the VAE-GAN every loss term of both networks"),
        number("value", "mean over the epoch, on augmented training data"),
    ),
)

VOLUMES = Schema(
    "volumes",
    (
        SUBJECT,
        STATUS,
        STAGE,
        REASON,
        number("baseline_predicted_ml", "lesion volume in the predicted baseline mask", "mL", **VOLUME),
        number("followup_predicted_ml", "lesion volume in the predicted follow-up mask", "mL", **VOLUME),
    ),
)

SCORES = Schema(
    "scores",
    (
        SUBJECT,
        ROLE,
        Column("variant", "network: dual scale or single scale", values=VARIANTS),
        Column("fold", "fold whose network predicted the mask; 'final' for external and later participants"),
        number(
            "dice",
            "Dice similarity coefficient with the manual mask, native grid; with segmentation.cleanup.chosen cv, "
            "threshold and smallest component were chosen on the same development scans",
            low=0,
            high=1,
            missing=True,
        ),
        number("hd95_mm", "95th percentile of the symmetric surface distance", "mm", 0, missing=True),
        number("surface_mm", "mean symmetric surface distance", "mm", 0, missing=True),
        number("manual_ml", "manual lesion volume", "mL", 0, missing=True),
        number("predicted_ml", "predicted lesion volume", "mL", 0, missing=True),
        *[number(f"lesions_{size}", f"connected parts of the manual mask, {_words(size)}", **COUNT) for size in SIZES],
        *[
            number(f"missed_{size}", f"of these, those without a voxel in the predicted mask, {_words(size)}", **COUNT)
            for size in SIZES
        ],
        *[
            number(
                f"false_{size}",
                f"connected parts of the predicted mask without a voxel in the manual one, {_words(size)}",
                **COUNT,
            )
            for size in SIZES
        ],
    ),
)

COMPARISON = Schema(
    "comparison",
    (
        ROLE,
        Column("unit", "unit of the pairs: participants, or folds (means of their participants)"),
        Column("score", "dice, hd95_mm, surface_mm, or volume_error_ml (absolute)"),
        number("dual", "median of the dual-scale network", missing=True),
        number("single", "median of the single-scale network", missing=True),
        number("difference", "median of the paired differences, dual minus single", missing=True),
        number(
            "better", "fraction of the pairs in which the dual-scale network is better; ties count half", **PROBABILITY
        ),
        number("p", "two-sided p of Wilcoxon's signed-rank test", low=0, high=1, missing=True),
        number("smallest_reachable_p", "smallest p that is possible with this number of pairs", low=0, high=1),
        number("n", "pairs", low=1),
    ),
)
