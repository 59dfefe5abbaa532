"""The segmentation network: two parallel residual encoders over two grids of the same field of view, one decoder.

Notable:
- the fine encoder sees the scan at G^3, the coarse encoder at (G/2)^3; their last stages are the latent features;
- the decoder starts at the coarse bottleneck, the deepest point of the U, and ends at the fine grid; its skip
  connections come from both encoders wherever their grids coincide (fine level i, coarse level i - 1);
- the single-scale variant is the same code without the coarse encoder: the U's deepest point is the fine bottleneck;
- one output head for each supervised level (deep supervision); all heads give logits, the first at full resolution.

Blocks are MONAI's (instance norm, leaky ReLU), as in nnU-Net (Isensee et al., Nat Methods 2021, residual encoder).
Shapes in comments are at paper size: G = 128, channels 32-64-128-256-512, batch b.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from monai.networks.blocks.dynunet_block import UnetBasicBlock, UnetOutBlock, UnetResBlock, get_conv_layer
from torch import Tensor, nn

from ichdag.jobs import StudyError
from ichdag.number_format import format_plain

# ASSUME: about 2 % of the voxels are lesion. The output heads start at a higher probability: at 0.02 the first epochs
# find no lesion, because Dice has small gradients there; at 0.5 the first epochs are spent on unlearning false lesions.
LESION_PRIOR = 0.1


def instance_norm(channels: int) -> tuple[str, dict[str, Any]]:
    """Return an instance norm in MONAI's notation, as a group norm with one channel in each group (the same numbers).

    torch's own instance norm converts channels-last tensors back and forth; the group norm saves a fifth of the time
    of a training step on a CPU.
    """
    return "group", {"num_groups": channels, "affine": True}


@dataclass(frozen=True)
class NetworkSettings:
    """Channels of each stage (both encoders), and the number of decoder levels with deep supervision."""

    channels: list[int]
    deep_supervision: int

    def check(self, grid: int) -> None:
        """Raise StudyError if a fine grid of `grid` voxels an edge is too small or too odd for this many stages."""
        stages = len(self.channels)
        coarse = grid / 2**stages
        if coarse < 2 or coarse != int(coarse):
            raise StudyError(
                f"a fine grid of {grid} voxels leaves a coarse bottleneck of {format_plain(coarse)}^3 after {stages} "
                f"stages: it must be whole and at least 2. Use a multiple of {2 ** (stages + 1)} (preprocessing.grid) "
                "or fewer segmentation.network.channels"
            )
        if self.deep_supervision > stages - 1:
            raise StudyError(f"deep_supervision is {self.deep_supervision}: {stages} stages have {stages - 1} levels")


class Encoder(nn.Module):
    """Residual stages: the first at the resolution of the grid, each further stage at half of the one before."""

    def __init__(self, channels: list[int]):
        super().__init__()
        pairs = zip([1, *channels], channels, strict=False)
        self.stages = nn.ModuleList(
            UnetResBlock(
                3, in_channels, out_channels, 3, stride=1 if level == 0 else 2, norm_name=instance_norm(out_channels)
            )
            for level, (in_channels, out_channels) in enumerate(pairs)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of every stage, the bottleneck last."""
        features = [image]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features[1:]


class UpBlock(nn.Module):
    """One decoder level: double the resolution, concatenate the skip connections, convolve."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int):
        super().__init__()
        self.up = get_conv_layer(
            3,
            in_channels,
            out_channels,
            kernel_size=2,
            stride=2,
            act=None,
            norm=None,
            conv_only=False,
            is_transposed=True,
        )
        self.block = UnetBasicBlock(
            3, out_channels + skip_channels, out_channels, 3, stride=1, norm_name=instance_norm(out_channels)
        )

    def forward(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """Upsample the features, join them with those of the encoder at the same resolution, and convolve."""
        return self.block(torch.cat([self.up(features), *skips], dim=1))


class DualScaleUNet(nn.Module):
    """The dual-scale network, or with `dual=False` its single-scale variant."""

    def __init__(self, settings: NetworkSettings, *, dual: bool):
        super().__init__()
        channels = settings.channels
        stages = len(channels)
        self.fine = Encoder(channels)
        self.coarse = Encoder(channels) if dual else None
        self.levels = list(reversed(range(stages if dual else stages - 1)))
        self.decoder = nn.ModuleList()
        in_channels = channels[-1]
        for level in self.levels:
            skip_channels = channels[level] + (channels[level - 1] if dual and level > 0 else 0)
            self.decoder.append(UpBlock(in_channels, skip_channels, channels[level]))
            in_channels = channels[level]
        self.heads = nn.ModuleList(UnetOutBlock(3, channels[level], 1) for level in range(settings.deep_supervision))
        for head in self.heads:
            nn.init.constant_(head.conv.conv.bias, math.log(LESION_PRIOR / (1 - LESION_PRIOR)))

    def forward(self, fine: Tensor, coarse: Tensor) -> list[Tensor]:
        """Return lesion logits at full, half, quarter ... resolution; the single-scale variant ignores `coarse`."""
        fine_features, coarse_features = self.encode(fine, coarse)
        features = (coarse_features or fine_features)[-1]  # (b, 512, 4, 4, 4); single: (b, 512, 8, 8, 8)
        decoder_features = {}
        for level, up_block in zip(self.levels, self.decoder, strict=True):
            skips = [fine_features[level]] + ([coarse_features[level - 1]] if coarse_features and level > 0 else [])
            features = decoder_features[level] = up_block(
                features, skips
            )  # (b, 512, 8, 8, 8) ... (b, 32, 128, 128, 128)
        heads = enumerate(self.heads)
        return [head(decoder_features[level]) for level, head in heads]  # (b, 1, 128, 128, 128), (b, 1, 64, 64, 64) ...

    def encode(self, fine: Tensor, coarse: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the features of every stage of both encoders; the coarse list is empty in the single-scale variant."""
        fine_features = self.fine(fine)  # (b, 32, 128, 128, 128) ... (b, 512, 8, 8, 8)
        coarse_features = self.coarse(coarse) if self.coarse else []  # (b, 32, 64, 64, 64) ... (b, 512, 4, 4, 4)
        return fine_features, coarse_features

    def bottlenecks(self, fine: Tensor, coarse: Tensor) -> list[Tensor]:
        """Return the latent features: the last stage of each encoder."""
        features_of_encoders = self.encode(fine, coarse)
        return [features[-1] for features in features_of_encoders if features]  # (b, 512, 8, 8, 8), (b, 512, 4, 4, 4)
