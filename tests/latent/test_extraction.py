"""Latents of a batch, and reconstructions to look at."""

from functools import partial

import numpy as np
import pytest
import torch

from ichdag.arrays import link_stores, read_item, write_arrays, write_store
from ichdag.jobs import StudyError
from ichdag.latent.extraction import (
    extract_batch,
    extract_latents,
    load_autoencoder,
    reconstruct,
    to_stored_precision,
    vaegan_features,
)
from ichdag.latent.network import Autoencoder, VaeganSettings
from ichdag.models import write_weights
from ichdag.segmentation.inference import bottleneck_features
from ichdag.segmentation.network import DualScaleUNet, NetworkSettings

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


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_a_batch_holds_both_latents_of_those_with_a_scan_and_a_lesion(batch, autoencoder, precision):
    network = DualScaleUNet(NetworkSettings([4, 8], 1), dual=True).eval()
    latents = dict(
        extract_batch(
            batch[0],
            patches=batch[1],
            encode_scan=partial(bottleneck_features, network, device=CPU),
            encode_patch=partial(vaegan_features, autoencoder, device=CPU),
            precision=precision,
        )
    )
    assert set(latents) == {"A/segmentation", "A/vaegan"}
    assert latents["A/segmentation"].shape == (8 * 8**3 + 8 * 4**3,)
    assert latents["A/vaegan"].shape == (8 * 4**3,)
    assert all(array.dtype == precision for array in latents.values())


def test_latents_of_a_saved_model_are_those_of_the_trained_one(autoencoder, patches, tmp_path):
    identity = {"network": {"channels": [4, 8]}}
    write_weights(autoencoder.state_dict(), tmp_path / "weights.safetensors", identity=identity)
    loaded = load_autoencoder(tmp_path / "weights.safetensors", device=CPU)
    patch = patches[1, 0].numpy()
    expected = vaegan_features(autoencoder, patch, device=CPU)
    assert np.array_equal(vaegan_features(loaded, patch, device=CPU), expected)
    assert not np.array_equal(vaegan_features(loaded, patches[2, 0].numpy(), device=CPU), expected)


def test_the_first_patches_are_shown_beside_their_reconstructions(batch, autoencoder):
    images = dict(reconstruct([batch[1], batch[1]], autoencoder=autoencoder, examples=1, device=CPU))
    assert list(images) == ["A/patch", "A/reconstruction"]
    assert images["A/reconstruction"].shape == images["A/patch"].shape == (16, 16, 16)
    assert images["A/reconstruction"].dtype == np.float32


def test_numbers_too_large_for_the_store_are_refused_with_the_cure():
    large = np.array([1.0, 70_000.0], dtype=np.float32)
    assert np.array_equal(to_stored_precision(large, "float32"), large)
    with pytest.raises(StudyError, match="up to 70000 cannot be stored as float16: set latent.precision to float32"):
        to_stored_precision(large, "float16")


def test_numbers_too_large_become_infinite_where_only_their_participant_is_refused():
    options = {"patch": None, "encode_scan": None, "precision": "float16"}
    latents = extract_latents(
        {}, **options, encode_patch=lambda patch: np.array([1.0, 70_000.0], dtype=np.float32), refuse_overflow=False
    )
    assert list(latents) == ["vaegan"] and latents["vaegan"].tolist() == [1.0, np.inf]


def test_latents_that_are_not_finite_are_stored_as_they_are_for_the_judgment_to_leave_their_participant_out():
    broken = np.array([1.0, np.inf, np.nan], dtype=np.float32)
    for precision in ("float16", "float32"):
        assert np.array_equal(to_stored_precision(broken, precision), broken.astype(precision), equal_nan=True)
    with pytest.raises(StudyError, match="up to 70000 cannot"):
        to_stored_precision(np.array([np.inf, 70_000.0], dtype=np.float32), "float16")


def test_a_gathered_store_reads_as_one_and_holds_nothing_twice_even_after_it_moved(tmp_path):
    random = np.random.default_rng(0)
    values = {subject: random.random(100_000).astype(np.float32) for subject in "ABC"}
    (tmp_path / "study").mkdir()
    for batch, subjects in (("0", "AB"), ("1", "C")):
        items = [(f"{subject}/vaegan", values[subject]) for subject in subjects]
        write_store(tmp_path / f"study/batches/{batch}.h5", items)
    link_stores(tmp_path / "study/all.h5", [tmp_path / f"study/batches/{batch}.h5" for batch in "01"])
    (tmp_path / "study").rename(tmp_path / "moved")
    gathered = tmp_path / "moved/all.h5"
    assert gathered.stat().st_size < 10_000
    assert all(np.array_equal(read_item(gathered, f"{subject}/vaegan"), values[subject]) for subject in "ABC")
    assert read_item(gathered, "D/vaegan") is None and read_item(gathered, "A/segmentation") is None


def test_a_gathered_store_is_another_file_whenever_a_batch_holds_other_numbers(tmp_path):
    contents = []
    for value in (1.0, 2.0, 1.0):
        write_store(tmp_path / "batch.h5", [("A/vaegan", np.full(100, value, dtype=np.float32))])
        link_stores(tmp_path / "all.h5", [tmp_path / "batch.h5"])
        contents.append((tmp_path / "all.h5").read_bytes())
    assert contents[0] == contents[2] != contents[1]


def test_reading_a_block_of_latents_takes_less_than_twice_the_matrix(tmp_path):
    import tracemalloc

    from ichdag.features.blocks import read_block

    names = [f"S{place:02d}" for place in range(40)]
    row = np.random.default_rng(0).random(50_000).astype(np.float16)
    write_store(tmp_path / "batch.h5", ((f"{name}/vaegan", row + place) for place, name in enumerate(names)))
    link_stores(tmp_path / "all.h5", [tmp_path / "batch.h5"])
    tracemalloc.start()
    block = read_block(tmp_path / "all.h5", name="vaegan", subjects=names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert block.values.dtype == np.float32 and block.values[7].tolist() == (row + 7).tolist()
    assert peak < 2 * block.values.nbytes
