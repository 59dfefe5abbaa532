"""The VAE-GAN's shape at paper size, without computing, and what it refuses."""

import pytest
import torch

from ichdag.jobs import StudyError
from ichdag.latent.vaegan_losses import LossWeights, VaeganLoss, kl_divergence
from ichdag.latent.vaegan_networks import Autoencoder, VaeganSettings, make_discriminator

PAPER = VaeganSettings(channels=[64, 128, 256, 512])


def test_the_latent_space_and_the_reconstruction_have_the_papers_size():
    with torch.device("meta"):
        autoencoder, patch = Autoencoder(PAPER), torch.empty(1, 1, 64, 64, 64)
        mean, log_variance = autoencoder.encoder(patch)
        assert mean.shape == log_variance.shape == (1, 512, 4, 4, 4)
        assert mean.numel() == 32_768
        assert autoencoder.decoder(mean).shape == patch.shape
        assert make_discriminator(PAPER)(patch)[-1].shape[:2] == (1, 1)


def test_nothing_is_drawn_without_noise():
    torch.manual_seed(0)
    autoencoder = Autoencoder(VaeganSettings([4, 8])).eval()
    patch = torch.rand(2, 1, 16, 16, 16)
    first, second = autoencoder(patch)[0], autoencoder(patch)[0]
    assert torch.equal(first, second)
    assert first.min() >= 0 and first.max() <= 1
    assert not torch.allclose(first, autoencoder(patch, torch.randn(2, 8, 4, 4, 4))[0])


@pytest.mark.parametrize("channels", [[4, 8], [4, 8, 8], [4, 8, 8, 8]])
def test_the_discriminator_takes_the_smallest_patches_its_encoder_takes(channels):
    settings = VaeganSettings(channels)
    size = 2 ** (len(channels) + 1)
    settings.check(size)
    features = make_discriminator(settings)(torch.rand(2, 1, size, size, size))
    assert features[-1].shape == (2, 1, 2, 2, 2)


def test_a_patch_too_small_for_the_stages_is_refused_with_the_cure():
    with pytest.raises(StudyError, match=r"latent space of 1\^3 after 4 stages.*multiple of 32"):
        PAPER.check(16)
    PAPER.check(64)


def test_the_divergence_is_zero_for_the_prior_and_grows_away_from_it():
    nothing = torch.zeros(2, 4, 2, 2, 2)
    assert kl_divergence(nothing, nothing).item() == 0
    assert kl_divergence(nothing + 1, nothing).item() == pytest.approx(0.5)
    assert kl_divergence(nothing, nothing + 1).item() == pytest.approx(0.5 * (2.71828 - 2), rel=1e-4)


def test_all_weights_grow_over_the_warm_up_and_stay():
    weights = LossWeights(kl=1.0, adversarial=2.0, similarity=4.0)
    assert weights.warmed_up(0, 3) == LossWeights(0.25, 0.5, 1.0)
    assert weights.warmed_up(3, 3) == weights.warmed_up(30, 3) == weights == weights.warmed_up(0, 0)


def test_a_perfect_discriminator_is_right_always_and_a_blind_one_half_of_the_time():
    losses, ones = VaeganLoss(), torch.ones(2, 1, 2, 2, 2)
    loss, terms = losses.discriminator(0 * ones, real_logits=ones)
    assert loss.item() == 0 and terms["discriminator_right"] == 1
    assert losses.discriminator(0.6 * ones, real_logits=0.6 * ones)[1]["discriminator_right"] == 0.5


def test_a_perfect_reconstruction_costs_only_divergence_and_adversarial_loss():
    patch = torch.rand(1, 1, 8, 8, 8)
    latent = torch.zeros(1, 4, 2, 2, 2)
    features = [torch.rand(1, 2, 4, 4, 4), torch.zeros(1, 1, 2, 2, 2)]
    weights = LossWeights(kl=1.0, adversarial=0.5, similarity=1.0)
    output = (patch, latent, latent)
    total, terms = VaeganLoss().autoencoder(
        patch, output=output, fake_features=features, real_features=features, weights=weights
    )
    assert terms == {"reconstruction": 0, "kl": 0, "adversarial": 1, "similarity": 0}
    assert total.item() == 0.5
