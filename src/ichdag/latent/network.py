"""The VAE-GAN: a variational autoencoder of lesion patches, and a discriminator of its reconstructions.

Notable:
- the latent space keeps its three dimensions: mean and log-variance are maps (512, 4, 4, 4), not vectors;
- the latent features are the encoder's mean; nothing is sampled at inference;
- the decoder mirrors the encoder, without skip connections, so that all information passes the latent space;
- the discriminator classifies overlapping regions of a patch (MONAI's PatchDiscriminator, instance norm); its inner
  features also give the similarity loss (Larsen et al., ICML 2016).

Residual blocks are MONAI's. Shapes in comments are at paper size: patch 64, channels 64-128-256-512, batch b.
"""

from dataclasses import dataclass

import torch
from monai.networks.blocks.dynunet_block import UnetOutBlock, UnetResBlock, get_conv_layer
from monai.networks.nets import PatchDiscriminator
from torch import Tensor, nn

from ichdag.jobs import StudyError

# Groups of channels are normalized, not single channels: so the latent space keeps the brightness of the patch.
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
    """Encode a patch to mean and log-variance; each stage halves the resolution."""

    def __init__(self, channels: list[int]):
        super().__init__()
        pairs = zip([1, *channels], channels, strict=False)
        self.stages = nn.Sequential(
            *(UnetResBlock(3, in_channels, out_channels, 3, 2, NORM) for in_channels, out_channels in pairs)
        )
        self.mean = UnetOutBlock(3, channels[-1], channels[-1])
        self.log_variance = UnetOutBlock(3, channels[-1], channels[-1])

    def forward(self, patch: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of the latent distribution of each patch."""
        features = self.stages(patch)  # (b, 64, 32, 32, 32) ... (b, 512, 4, 4, 4)
        mean = self.mean(features)  # (b, 512, 4, 4, 4)
        return mean, self.log_variance(features).clamp(*LOG_VARIANCE_LIMITS)  # (b, 512, 4, 4, 4)


class Decoder(nn.Module):
    """Decode a latent map to a patch; each stage doubles the resolution."""

    def __init__(self, channels: list[int]):
        super().__init__()
        reverse = list(reversed(channels))
        stages = []
        for in_channels, out_channels in zip(reverse, [*reverse[1:], reverse[-1]], strict=True):
            up = get_conv_layer(
                3, in_channels, out_channels, 2, 2, act=None, norm=None, conv_only=False, is_transposed=True
            )
            stages += [up, UnetResBlock(3, out_channels, out_channels, 3, 1, NORM)]
        self.stages = nn.Sequential(*stages)
        self.last = UnetOutBlock(3, channels[0], 1)

    def forward(self, latent: Tensor) -> Tensor:
        """Return the patches, in [0, 1], that the latents stand for."""
        features = self.stages(latent)  # (b, 256, 8, 8, 8) ... (b, 64, 64, 64, 64)
        return torch.sigmoid(self.last(features))  # (b, 1, 64, 64, 64)


class Autoencoder(nn.Module):
    """The variational autoencoder: encoder, sample from the posterior, decoder."""

    def __init__(self, settings: VaeganSettings):
        super().__init__()
        self.encoder = Encoder(settings.channels)
        self.decoder = Decoder(settings.channels)

    def forward(self, patch: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Return reconstruction, mean and log-variance; the latent is the mean, or a sample if `noise` is given."""
        mean, log_variance = self.encoder(patch)  # (b, 512, 4, 4, 4) twice
        latent = mean if noise is None else mean + noise * torch.exp(0.5 * log_variance)  # (b, 512, 4, 4, 4)
        return self.decoder(latent), mean, log_variance  # (b, 1, 64, 64, 64), (b, 512, 4, 4, 4) twice


def make_discriminator(settings: VaeganSettings) -> PatchDiscriminator:
    """Return MONAI's patch discriminator with one layer less than the encoder; its output is a list of features.

    The last of them are the logits (b, 1, n, n, n).
    """
    return PatchDiscriminator(
        spatial_dims=3,
        channels=settings.channels[0],
        in_channels=1,
        num_layers_d=len(settings.channels) - 1,
        norm="INSTANCE",
    )
