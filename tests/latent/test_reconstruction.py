"""The VAE-GAN beside a PCA: what each reconstructs, of patches seen and unseen."""

import numpy as np
import pytest
import torch

from ichdag.latent.extraction import sample_latent
from ichdag.latent.reconstruction import compare_reconstructions, fit_pca
from ichdag.latent.vaegan_networks import Autoencoder, VaeganSettings

CPU = torch.device("cpu")


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    return Autoencoder(VaeganSettings([4, 8])).eval()


def test_a_pca_agrees_with_that_of_scikit_learn(patches):
    from sklearn.decomposition import PCA

    rows = patches[:, 0].reshape(6, -1).numpy().astype(np.float64)
    theirs = PCA(3, svd_solver="full").fit(rows[:5])
    reconstruct = fit_pca(patches[:5, 0].numpy(), mean=rows[:5].mean(axis=0).reshape((16,) * 3), components=3)
    for row in rows:
        expected = theirs.inverse_transform(theirs.transform(row[None]))[0].clip(0, 1)
        assert reconstruct(row.reshape((16,) * 3)).ravel() == pytest.approx(expected, abs=1e-3)


def test_all_components_give_the_patches_back_they_were_fitted_on_and_not_others(patches, autoencoder):
    values = patches[:, 0].numpy()
    table = compare_reconstructions(values[:5], held_out={"external": values[5:]}, autoencoder=autoencoder, device=CPU)
    table = table.set_index(["role", "model"])
    assert table.loc[("development", "pca"), ["latents", "n"]].tolist() == [4, 5]
    assert table.loc[("development", "pca"), "mae"] < 1e-3 < table.loc[("external", "pca"), "mae"]
    assert table.loc[("external", "vaegan"), ["latents", "n"]].tolist() == [8 * 4**3, 1]
    mean = values[:5].astype(np.float64).mean(axis=0)
    assert table.loc[("external", "mean"), "mae"] == pytest.approx(np.abs(values[5] - mean).mean(), abs=1e-3)


def test_without_external_patches_only_the_own_ones_are_reconstructed(patches, autoencoder):
    table = compare_reconstructions(
        patches[:, 0].numpy(), held_out={"external": []}, autoencoder=autoencoder, device=CPU
    )
    assert set(table["role"]) == {"development"}


def test_interpolations_go_from_one_reconstruction_to_the_other_and_samples_are_repeatable(patches, autoencoder):
    seen = [patch[0].numpy() for patch in patches]
    generated = dict(sample_latent(seen, autoencoder=autoencoder, examples=3, seed=1, device=CPU))
    assert list(generated) == [f"sample/{n}" for n in range(3)] + [f"interpolation/{n}" for n in range(3)]
    with torch.inference_mode():
        ends = [autoencoder(patches[n : n + 1].float())[0][0, 0].numpy() for n in (0, 5)]
    assert generated["interpolation/0"] == pytest.approx(ends[0], abs=1e-5)
    assert generated["interpolation/2"] == pytest.approx(ends[1], abs=1e-5)
    again = dict(sample_latent(seen, autoencoder=autoencoder, examples=3, seed=1, device=CPU))
    other_seed = dict(sample_latent(seen, autoencoder=autoencoder, examples=3, seed=2, device=CPU))
    assert np.array_equal(generated["sample/1"], again["sample/1"])
    assert not np.array_equal(generated["sample/1"], other_seed["sample/1"])
    assert dict(sample_latent([], autoencoder=autoencoder, examples=3, seed=1, device=CPU)) == {}
