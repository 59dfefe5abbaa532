"""Losses of the VAE-GAN: of its autoencoder and of its discriminator."""

from dataclasses import dataclass

import torch
from monai.losses import PatchAdversarialLoss
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms of the autoencoder's loss; reconstruction has weight 1."""

    kl: float
    adversarial: float
    similarity: float

    def warmed_up(self, epoch: int, warmup_epochs: int) -> "LossWeights":
        """Return the weights of an epoch (from 0): all of them increase linearly during the warm-up."""
        factor = min(1.0, (epoch + 1) / (warmup_epochs + 1))
        return LossWeights(self.kl * factor, self.adversarial * factor, self.similarity * factor)


class VaeganLoss:
    """The losses of autoencoder and discriminator, with a least-squares adversarial loss (Mao et al., ICCV 2017).

    ASSUME: the paper names the VAE-GAN without its losses. Here: mean absolute error of the voxels + KL divergence from
    the standard normal + adversarial + mean squared error of the discriminator's features (Larsen et al., ICML 2016).
    """

    def __init__(self) -> None:
        self.adversarial = PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)

    def autoencoder(
        self,
        patch: Tensor,
        *,
        output: tuple[Tensor, Tensor, Tensor],
        fake_features: list[Tensor],
        real_features: list[Tensor],
        weights: LossWeights,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the autoencoder and its terms.

        `output` is that of the autoencoder; features are the discriminator's, of reconstruction and of patch.
        """
        reconstruction, mean, log_variance = output
        terms = {
            "reconstruction": l1_loss(reconstruction.float(), patch),
            "kl": kl_divergence(mean.float(), log_variance.float()),
            "adversarial": self.adversarial(fake_features[-1].float(), target_is_real=True, for_discriminator=False),
            "similarity": torch.stack(
                [
                    mse_loss(fake.float(), real.float())
                    for fake, real in zip(fake_features[:-1], real_features[:-1], strict=True)
                ]
            ).mean(),
        }
        total = terms["reconstruction"] + (
            weights.kl * terms["kl"]
            + weights.adversarial * terms["adversarial"]
            + weights.similarity * terms["similarity"]
        )
        return total, {name: term.item() for name, term in terms.items()}

    def discriminator(self, fake_logits: Tensor, *, real_logits: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the discriminator, and its accuracy (0.5 is chance)."""
        fake_loss = self.adversarial(fake_logits.float(), target_is_real=False, for_discriminator=True)
        real_loss = self.adversarial(real_logits.float(), target_is_real=True, for_discriminator=True)
        accuracy = ((fake_logits < 0.5).float().mean() + (real_logits > 0.5).float().mean()) / 2
        loss = (fake_loss + real_loss) / 2
        return loss, {"discriminator": loss.item(), "discriminator_right": accuracy.item()}


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the KL divergence from the standard normal, mean over latent units and patches (nats per unit)."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
