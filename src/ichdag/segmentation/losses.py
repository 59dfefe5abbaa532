"""Dice + cross-entropy at every supervised level of the decoder."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d, binary_cross_entropy_with_logits

SMOOTH = 1e-5


class DeepSupervisionLoss(torch.nn.Module):
    """Weighted mean of Dice + cross-entropy over the levels; each level weighs half of the one above it (nnU-Net).

    The target of a voxel is the part of it that is lesion, at every level: a mask of whole voxels cannot say where
    within a voxel of some millimeters the lesion ends. Dice is taken over the whole batch, so that a scan with a tiny
    lesion does not rule the gradient. A lesion voxel counts `lesion_weight` times in the cross-entropy: above 1, a
    short training does not settle on finding nothing, but finds more than there is.
    """

    def __init__(self, lesion_weight: float):
        super().__init__()
        self.register_buffer("lesion_weight", torch.tensor(lesion_weight))

    def forward(self, logits: list[Tensor], mask: Tensor) -> Tensor:
        """Loss of the logits (b, 1, G, G, G), (b, 1, G/2, G/2, G/2) ... against parts of lesion (b, 1, G, G, G)."""
        target, total, weight = mask.float(), 0.0, 1.0
        for level, prediction in enumerate(logits):
            if level > 0:
                target, weight = avg_pool3d(target, kernel_size=2), weight / 2
            prediction = prediction.float()
            entropy = binary_cross_entropy_with_logits(prediction, target, pos_weight=self.lesion_weight)
            total = total + weight * (entropy + dice_loss(torch.sigmoid(prediction), target))
        return total / (2 - weight)


def dice_loss(probability: Tensor, target: Tensor) -> Tensor:
    """1 - Dice of two arrays in [0, 1] that is least where they are equal, fractions included.

    The Dice semimetric of Wang et al., MICCAI 2023: equal to soft Dice for a target of zeros and ones; soft Dice itself
    is least for a probability of 0 or 1 where the target is a fraction.
    """
    both = probability.sum() + target.sum()
    return 1 - (both - (probability - target).abs().sum() + SMOOTH) / (both + SMOOTH)
