"""Latents of a batch, and reconstructions to look at."""

from functools import partial

import numpy as np
import pytest
import torch

from ichdag.arrays import write_arrays, write_store
from ichdag.latent.extraction import extract_batch, load_autoencoder, reconstruct, vaegan_features
from ichdag.latent.network import Autoencoder, VaeganSettings
from ichdag.models import Card, write_card, write_weights
from ichdag.segmentation.inference import bottleneck_features
from ichdag.segmentation.network import Network, NetworkSettings

CPU = torch.device("cpu")


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    return Autoencoder(VaeganSettings([4, 8])).eval()


@pytest.fixture
def batch(tmp_path, patches):
    """Grids of three subjects and a patch store: A has both, B no patch, C no usable baseline scan."""
    random = np.random.default_rng(0)
    fine, coarse = random.random((16, 16, 16)).astype(np.float16), random.random((8, 8, 8)).astype(np.float16)
    write_arrays(tmp_path / "A.npz", baseline_fine=fine, baseline_coarse=coarse)
    write_arrays(tmp_path / "B.npz", baseline_fine=fine, baseline_coarse=coarse)
    write_arrays(tmp_path / "C.npz", followup_fine=fine, followup_coarse=coarse)
    patch = patches[0, 0].numpy()
    write_store(tmp_path / "p.h5", [("A/inside", patch > 0.5), ("A/patch", patch), ("C/patch", patch)])
    return {subject: tmp_path / f"{subject}.npz" for subject in "ABC"}, tmp_path / "p.h5"


def test_a_batch_holds_both_latents_of_those_with_a_scan_and_a_lesion(batch, autoencoder):
    network = Network(NetworkSettings([4, 8], 1), dual=True).eval()
    found = dict(
        extract_batch(
            batch[0],
            patches=batch[1],
            encode_scan=partial(bottleneck_features, network, device=CPU),
            encode_patch=partial(vaegan_features, autoencoder, device=CPU),
        )
    )
    assert set(found) == {"A/segmentation", "A/vaegan"}
    assert found["A/segmentation"].shape == (8 * 8**3 + 8 * 4**3,)
    assert found["A/vaegan"].shape == (8 * 4**3,)
    assert all(array.dtype == np.float32 for array in found.values())


def test_latents_of_a_saved_model_are_those_of_the_trained_one(autoencoder, patches, tmp_path):
    write_weights(autoencoder.state_dict(), tmp_path / "weights.safetensors")
    write_card(Card("vaegan", {"network": {"channels": [4, 8]}}, []), tmp_path / "card.json")
    loaded = load_autoencoder(tmp_path / "card.json", weights=tmp_path / "weights.safetensors", device=CPU)
    patch = patches[1, 0].numpy()
    expected = vaegan_features(autoencoder, patch, device=CPU)
    assert np.array_equal(vaegan_features(loaded, patch, device=CPU), expected)
    assert not np.array_equal(vaegan_features(loaded, patches[2, 0].numpy(), device=CPU), expected)


def test_the_first_patches_are_shown_beside_their_reconstructions(batch, autoencoder):
    found = dict(reconstruct([batch[1], batch[1]], autoencoder=autoencoder, examples=1, device=CPU))
    assert list(found) == ["A/patch", "A/reconstruction"]
    assert found["A/reconstruction"].shape == found["A/patch"].shape == (16, 16, 16)
    assert found["A/reconstruction"].dtype == np.float32
