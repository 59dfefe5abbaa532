"""What the autoencoder and the discriminator of the VAE-GAN are trained for."""

from dataclasses import dataclass

import torch
from monai.losses import PatchAdversarialLoss
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss


@dataclass(frozen=True)
class Weights:
    """Weights of the autoencoder's terms next to reconstruction, which has 1."""

    kl: float
    adversarial: float
    similarity: float

    def warmed_up(self, epoch: int, warmup_epochs: int) -> "Weights":
        """The weights in an epoch (from 0): all of them grow linearly to their value over the warm-up."""
        part = min(1.0, (epoch + 1) / (warmup_epochs + 1))
        return Weights(self.kl * part, self.adversarial * part, self.similarity * part)


class VaeganLoss:
    """The losses of both players, least squares for the game between them (Mao et al., ICCV 2017).

    ASSUME: the paper names the VAE-GAN without its losses. Here: mean absolute error of the voxels + KL divergence from
    the standard normal + adversarial + mean squared error of the discriminator's features (Larsen et al., ICML 2016).
    """

    def __init__(self):
        self.adversarial = PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)

    def autoencoder(
        self,
        patch: Tensor,
        *,
        output: tuple[Tensor, Tensor, Tensor],
        judged: list[Tensor],
        real: list[Tensor],
        weights: Weights,
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of the autoencoder, and its terms. `judged`, `real`: the discriminator on it and on the patch."""
        reconstruction, mean, log_variance = output
        terms = {
            "reconstruction": l1_loss(reconstruction.float(), patch),
            "kl": kl_divergence(mean.float(), log_variance.float()),
            "adversarial": self.adversarial(judged[-1].float(), target_is_real=True, for_discriminator=False),
            "similarity": torch.stack(
                [mse_loss(one.float(), other.float()) for one, other in zip(judged[:-1], real[:-1], strict=True)]
            ).mean(),
        }
        total = terms["reconstruction"] + sum(getattr(weights, name) * terms[name] for name in vars(weights))
        return total, {name: term.item() for name, term in terms.items()}

    def discriminator(self, judged: Tensor, *, real: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Loss of the discriminator, and how many of its judgments are right (0.5 is a draw, 1 a walk-over)."""
        fake_loss = self.adversarial(judged.float(), target_is_real=False, for_discriminator=True)
        real_loss = self.adversarial(real.float(), target_is_real=True, for_discriminator=True)
        right = ((judged < 0.5).float().mean() + (real > 0.5).float().mean()) / 2
        loss = (fake_loss + real_loss) / 2
        return loss, {"discriminator": loss.item(), "discriminator_right": right.item()}


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of the posterior from the standard normal, mean over latent units and patches (nats a unit)."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
