"""Dice + cross-entropy at every supervised level of the decoder."""

import torch
from monai.losses import DiceCELoss
from torch import Tensor
from torch.nn.functional import avg_pool3d


class DeepSupervisionLoss(torch.nn.Module):
    """Weighted mean of Dice + cross-entropy over the levels; each level weighs half of the one above it (nnU-Net).

    The target of a voxel is the part of it that is lesion, at every level: a mask of whole voxels cannot say where
    within a voxel of some millimeters the lesion ends. Dice has squares below (V-Net: Milletari et al., 3DV 2016), so
    that it is best where a fraction is met, not where it is rounded up; it is taken over the whole batch, so that a
    scan with a tiny lesion does not rule the gradient. A lesion voxel counts `lesion_weight` times in the
    cross-entropy: above 1, a short training does not settle on finding nothing, but finds more than there is.
    """

    def __init__(self, lesion_weight: float):
        super().__init__()
        self.loss = DiceCELoss(sigmoid=True, batch=True, squared_pred=True, weight=torch.tensor([lesion_weight]))

    def forward(self, logits: list[Tensor], mask: Tensor) -> Tensor:
        """Loss of the logits (b, 1, G, G, G), (b, 1, G/2, G/2, G/2) ... against parts of lesion (b, 1, G, G, G)."""
        weights = torch.tensor([0.5**level for level in range(len(logits))])
        weights = weights / weights.sum()
        target, total = mask.float(), 0.0
        for level, (weight, prediction) in enumerate(zip(weights, logits, strict=True)):
            if level > 0:
                target = avg_pool3d(target, kernel_size=2)
            total = total + weight * self.loss(prediction.float(), target)
        return total
