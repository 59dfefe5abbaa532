"""Dice + cross-entropy at every supervised level of the decoder."""

import torch
from monai.losses import DiceCELoss
from torch import Tensor
from torch.nn.functional import avg_pool3d


class DeepSupervisionLoss(torch.nn.Module):
    """Weighted mean of Dice + cross-entropy over the levels; each level has half the weight of the finer one (nnU-Net).

    The target of a voxel is the fraction of it that is lesion, at every level: with voxels of some millimeters, a
    binary mask cannot tell where the edge of the lesion lies. The denominator of Dice has squares (V-Net: Milletari et
    al., 3DV 2016), so that the loss is lowest where the prediction equals the fraction. Dice is computed over the whole
    batch, so that a scan with a tiny lesion does not dominate the gradient. A lesion voxel counts `lesion_weight` times
    in the cross-entropy: with a weight above 1, a short training does not end with empty masks, but with masks that are
    too large.
    """

    def __init__(self, lesion_weight: float):
        super().__init__()
        self.loss = DiceCELoss(sigmoid=True, batch=True, squared_pred=True, weight=torch.tensor([lesion_weight]))

    def forward(self, logits: list[Tensor], mask: Tensor) -> Tensor:
        """Return the loss of logits (b, 1, G, G, G), (b, 1, G/2, G/2, G/2) ... for lesion fractions (b, 1, G, G, G)."""
        weights = torch.tensor([0.5**level for level in range(len(logits))])
        weights = weights / weights.sum()
        target = mask.float()
        total = 0.0
        for level, (weight, prediction) in enumerate(zip(weights, logits, strict=True)):
            if level > 0:
                target = avg_pool3d(target, kernel_size=2)
            total = total + weight * self.loss(prediction.float(), target)
        return total
