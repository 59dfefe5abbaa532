"""The VAE-GAN: a variational autoencoder of lesion patches, and a discriminator that judges its reconstructions.

Notable:
- the latent space keeps its three dimensions: mean and log-variance are maps (512, 4, 4, 4), not vectors;
- the encoder's mean is the latent feature; nothing is drawn at inference;
- the decoder mirrors the encoder, without skip connections: what it draws went through the latent space;
- the discriminator judges overlapping parts of a patch (MONAI's PatchDiscriminator, instance norm); its inner features
  are also the measure of likeness (Larsen et al., ICML 2016).

Residual blocks are MONAI's. Shapes in comments are at paper size: patch 64, channels 64-128-256-512, batch b.
"""

from dataclasses import dataclass

import torch
from monai.networks.blocks.dynunet_block import UnetOutBlock, UnetResBlock, get_conv_layer
from monai.networks.nets import PatchDiscriminator
from torch import Tensor, nn

from ichdag.jobs import StudyError

# Groups of channels, not single ones, are normalized: the patch's own brightness gets through to the latent space.
NORM = ("group", {"num_groups": 4})
LOG_VARIANCE_LIMITS = (-20.0, 10.0)


@dataclass(frozen=True)
class VaeganSettings:
    """Channels of each encoder stage; each halves the resolution."""

    channels: list[int]

    def check(self, size: int) -> None:
        """Raise StudyError if patches of `size` voxels an edge are too small or too odd for this many stages."""
        last = size / 2 ** len(self.channels)
        if last < 2 or last != int(last):
            raise StudyError(
                f"patches of {size} voxels leave a latent space of {last:.0f}^3 after {len(self.channels)} stages: it "
                f"must be whole and at least 2. Use a multiple of {2 ** (len(self.channels) + 1)} (latent.patches.size)"
                " or fewer latent.network.channels"
            )


class Encoder(nn.Module):
    """Patch to mean and log-variance; each stage halves the resolution."""

    def __init__(self, channels: list[int]):
        super().__init__()
        pairs = zip([1, *channels], channels, strict=False)
        self.stages = nn.Sequential(*(UnetResBlock(3, below, here, 3, 2, NORM) for below, here in pairs))
        self.mean = UnetOutBlock(3, channels[-1], channels[-1])
        self.log_variance = UnetOutBlock(3, channels[-1], channels[-1])

    def forward(self, patch: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stages(patch)  # (b, 64, 32, 32, 32) ... (b, 512, 4, 4, 4)
        mean = self.mean(features)  # (b, 512, 4, 4, 4)
        return mean, self.log_variance(features).clamp(*LOG_VARIANCE_LIMITS)  # (b, 512, 4, 4, 4)


class Decoder(nn.Module):
    """Latent map to patch; each stage doubles the resolution."""

    def __init__(self, channels: list[int]):
        super().__init__()
        down = list(reversed(channels))
        stages = []
        for above, here in zip(down, [*down[1:], down[-1]], strict=True):
            stages.append(
                get_conv_layer(3, above, here, 2, 2, act=None, norm=None, conv_only=False, is_transposed=True)
            )
            stages.append(UnetResBlock(3, here, here, 3, 1, NORM))
        self.stages = nn.Sequential(*stages)
        self.last = UnetOutBlock(3, channels[0], 1)

    def forward(self, latent: Tensor) -> Tensor:
        features = self.stages(latent)  # (b, 256, 8, 8, 8) ... (b, 64, 64, 64, 64)
        return torch.sigmoid(self.last(features))  # (b, 1, 64, 64, 64)


class Autoencoder(nn.Module):
    """The variational autoencoder: encoder, a draw from the posterior, decoder."""

    def __init__(self, settings: VaeganSettings):
        super().__init__()
        self.encoder = Encoder(settings.channels)
        self.decoder = Decoder(settings.channels)

    def forward(self, patch: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean and log-variance; the latent is the mean, or with standard normal `noise` a draw."""
        mean, log_variance = self.encoder(patch)  # (b, 512, 4, 4, 4) twice
        latent = mean if noise is None else mean + noise * torch.exp(0.5 * log_variance)  # (b, 512, 4, 4, 4)
        return self.decoder(latent), mean, log_variance  # (b, 1, 64, 64, 64), (b, 512, 4, 4, 4) twice


def make_discriminator(settings: VaeganSettings) -> PatchDiscriminator:
    """MONAI's patch discriminator, a layer fewer than the encoder: inner features, last a judgment (b, 1, n, n, n)."""
    return PatchDiscriminator(
        spatial_dims=3,
        channels=settings.channels[0],
        in_channels=1,
        num_layers_d=len(settings.channels) - 1,
        norm="INSTANCE",
    )
