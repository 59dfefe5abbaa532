"""Batches ready for the network: ours (grids in memory, changed on the fly) against nnU-Net v2's own data loader.

`make bench-pipeline`. Paper size, batches of two, one thread, the shipped augmentations, the same scans for both. The
peer reads its compressed cases at every batch and changes them as its trainer does; ours reads each scan once a
training, and changes the coarse grid beside the fine one. Seconds are those of a batch, imports and first reading left
out; memory is that of the process (ours holds all scans, 6.8 MB each). Difference is in batches a second.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from _measure import ROOT, measured, report, seconds_each, tell

sys.path.insert(0, str(ROOT / "src"))

SCANS, BATCHES, BATCH, SIZE = 8, 60, 2, 128  # many batches: each change is made now and then only
HOW = "pip install --no-deps nnunetv2 batchgeneratorsv2 ..., into a scratch environment or on PYTHONPATH"


def scan(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy head in air, 0 to 1, and a ball of lesion in it, both (128, 128, 128)."""
    random = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.arange(SIZE)] * 3, indexing="ij")
    away = [np.sqrt(sum((axis - middle) ** 2 for axis in axes)) for middle in (SIZE / 2, SIZE / 2 - 15)]
    values = np.where(away[0] < 55, 0.4, 0.0) + np.where(away[1] < 12, 0.25, 0.0)
    noise = random.normal(0, 0.03, values.shape) * (away[0] < 55)
    return (values + noise).clip(0, 1).astype(np.float32), (away[1] < 12).astype(np.uint8)


def batches_of_ours(folder: Path) -> Callable[[], Any]:
    """One batch of ours, of grids that are read once."""
    from ichdag.arrays import write_arrays
    from ichdag.segmentation.augmentation import AugmentationSettings, augment
    from ichdag.segmentation.network_training import load_samples

    paths = {}
    for number in range(SCANS):
        fine, mask = scan(number)
        coarse = fine.reshape(SIZE // 2, 2, SIZE // 2, 2, SIZE // 2, 2).mean(axis=(1, 3, 5))
        paths[str(number)] = folder / f"{number}.npz"
        grids = {"baseline_fine": fine.astype(np.float16), "baseline_coarse": coarse.astype(np.float16)}
        write_arrays(paths[str(number)], **grids, baseline_mask=mask.astype(np.float16))
    samples, generator = load_samples(paths), torch.Generator().manual_seed(0)
    shipped = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["segmentation"]["augmentation"]
    settings = AugmentationSettings(**shipped)

    def step() -> None:
        chosen = torch.randperm(SCANS, generator=generator)[:BATCH]
        fine, coarse, mask = samples.batch(chosen, torch.device("cpu"))
        augment(fine, coarse=coarse, mask=mask, settings=settings, generator=generator)

    return step


def batches_of_peer(folder: Path) -> Callable[[], Any]:
    """One batch of nnU-Net's loader, with its trainer's patch, rotation and transforms."""
    os.environ |= dict.fromkeys(("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"), str(folder))
    try:
        from nnunetv2.training.data_augmentation.compute_initial_patch_size import get_patch_size
        from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader
        from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
        from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
        from nnunetv2.utilities.label_handling.label_handling import LabelManager
    except ImportError as error:
        sys.exit(f"The peer is missing ({error}): {HOW}.")
    patch, turn = (SIZE,) * 3, (-np.pi / 6, np.pi / 6)
    shapes = {"chunks": (1, *patch), "blocks": (1, 32, 64, 64)}
    for number in range(SCANS):
        fine, mask = scan(number)
        places = np.argwhere(mask[None])
        where = {"class_locations": {1: places[:: max(1, len(places) // 10_000)]}}
        nnUNetDatasetBlosc2.save_case(
            fine[None], mask[None].astype(np.int16), where, str(folder / str(number)), **shapes
        )
    transforms = nnUNetTrainer.get_training_transforms(
        patch, turn, [[1, 1, 1], [0.5] * 3, [0.25] * 3], (0, 1, 2), False, use_mask_for_norm=[False]
    )
    labels = LabelManager({"background": 0, "lesion": 1}, None)
    whole = get_patch_size(patch, turn, turn, turn, (0.85, 1.25))
    loader = nnUNetDataLoader(
        nnUNetDatasetBlosc2(str(folder)), BATCH, whole, patch, labels, 0.33, None, None, transforms=transforms
    )
    return lambda: next(loader)


def each(step: Callable[[], Any]) -> float:
    """Processor seconds of a batch, after one to warm up."""
    step()
    return seconds_each(step, times=BATCHES)


def rows():
    """One row."""
    ours, peer = (measured(__file__, who) for who in ("ours", "peer"))
    yield {
        "case": f"a batch of {BATCH} x {SIZE}^3",
        **{"ours_s": ours["result"], "peer_s": peer["result"], "ours_mib": ours["mib"], "peer_mib": peer["mib"]},
        "difference": 1 / ours["result"] - 1 / peer["result"],
    }


if __name__ == "__main__":
    if len(sys.argv) == 1:
        tell("pipeline", rows())
    else:
        torch.set_num_threads(1)
        make = {"ours": batches_of_ours, "peer": batches_of_peer}[sys.argv[1]]
        with tempfile.TemporaryDirectory() as name:
            report(lambda: each(make(Path(name))))
