"""Samples, settings and a trained network, all tiny."""

import numpy as np
import pytest

from ichdag.arrays import write_arrays
from ichdag.segmentation.augmentation import AugmentationSettings
from ichdag.segmentation.dual_scale_unet import NetworkSettings
from ichdag.segmentation.network_training import TrainingSettings

GRID = 16


@pytest.fixture(scope="session")
def grids(tmp_path_factory):
    """Grids of five subjects: noise with a bright ball, and its mask; npz paths by subject."""
    folder, random = tmp_path_factory.mktemp("grids"), np.random.default_rng(0)
    paths = {}
    for number in range(5):
        center = random.uniform(5, 10, size=3)
        axes = np.indices((GRID,) * 3)
        mask = sum((axis - middle) ** 2 for axis, middle in zip(axes, center, strict=True)) <= 3.5**2
        fine = (0.35 + 0.3 * mask + random.normal(0, 0.03, mask.shape)).astype(np.float16)
        coarse = fine.reshape(8, 2, 8, 2, 8, 2).mean(axis=(1, 3, 5)).astype(np.float16)
        paths[f"S{number}"] = folder / f"S{number}.npz"
        arrays = {"baseline_fine": fine, "baseline_coarse": coarse, "baseline_mask": mask}
        write_arrays(paths[f"S{number}"], **arrays, followup_fine=fine, followup_coarse=coarse)
    return paths


@pytest.fixture
def settings():
    """Keyword arguments of train_network, without checkpoint."""
    return {
        "dual": True,
        "network": NetworkSettings(channels=[4, 8], deep_supervision=1),
        "augmentation": AugmentationSettings(0.5, 0.5, 10, [0.9, 1.1], 0.02, 0.5, 0.05, [0.9, 1.1], 0.7, [0.9, 1.1]),
        "settings": TrainingSettings(4, 0, 2, "adamw", 0.01, 1, 0.00003, 0.9, 8.0, True, True, 1),
        "seed": 7,
    }
