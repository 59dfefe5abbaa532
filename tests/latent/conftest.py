"""Patches and settings, all tiny."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from ichdag.latent.vaegan_networks import VaeganSettings
from ichdag.latent.vaegan_training import TrainingSettings


@pytest.fixture(scope="session")
def patches():
    """Six patches (6, 1, 16, 16, 16): a bright ball, different in each, in a textured surrounding."""
    random = np.random.default_rng(0)
    axes = np.indices((16,) * 3)
    images = []
    for radius in (3, 4, 5, 6, 7, 8):
        ball = sum((axis - 7.5) ** 2 for axis in axes) <= radius**2
        texture = ndimage.gaussian_filter(random.normal(size=ball.shape), 1)
        images.append(np.clip(0.3 + 0.4 * ball + 0.2 * texture, 0, 1))
    return torch.from_numpy(np.stack(images)[:, None].astype(np.float16))


@pytest.fixture
def settings():
    """Keyword arguments of train_vaegan, without checkpoint."""
    training = TrainingSettings(4, 2, 0.005, 0.001, 0.0001, 0.01, 0.1, 1, 0.5, 0.9, True, True, 1)
    return {"network": VaeganSettings(channels=[4, 8]), "settings": training, "seed": 7}
