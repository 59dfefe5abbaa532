"""The dual-scale network against nnU-Net's own (dynamic-network-architectures): training step, inference, choices.

`make bench-segmentation`. Paper channels, one thread, a process each, same batch and size; the peer has our loss, for
its trainer is not part of that package. Difference is our GFLOP a second over the peer's: at 1 or more we lose nothing
a FLOP. Then our own choices against what they replace, and one patient at paper size on two threads, imports included.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from _measure import ROOT, measured, report, tell
from _nets import compared, lesion_logits, nnunet, timed

sys.path.insert(0, str(ROOT / "src"))

from ichdag.segmentation.deep_supervision_loss import DeepSupervisionLoss  # noqa: E402
from ichdag.segmentation.dual_scale_unet import DualScaleUNet, NetworkSettings  # noqa: E402

PAPER = NetworkSettings(channels=[32, 64, 128, 256, 512], deep_supervision=3)
SIZE, BATCH, PATIENT = 64, 1, 128
CHOICES = {"channels last": "first", "bfloat16": "last", "compiled": "last"}  # choice, and what it is compared with


def views(size: int, batch: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a batch of random scans on both grids, and a mask."""
    fine = torch.rand(batch, 1, size, size, size)
    mask = (torch.rand(batch, 1, size, size, size) > 0.98).float()
    return fine, torch.nn.functional.avg_pool3d(fine, 2), mask


def training_step(who: str) -> Callable[[], Any]:
    """Forward, loss, backward, clip, SGD with Nesterov momentum; `who` is peer, or a way of ours."""
    torch.manual_seed(0)
    network = nnunet(SIZE) if who == "peer" else DualScaleUNet(PAPER, dual=True)
    if who in ("last", "bfloat16", "compiled"):
        network = network.to(memory_format=torch.channels_last_3d)
    run = torch.compile(network) if who == "compiled" else network
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.99, nesterov=True)
    criterion, (fine, coarse, mask) = DeepSupervisionLoss(1.0), views(SIZE, BATCH)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=who == "bfloat16"):
            logits = lesion_logits(run(fine))[: PAPER.deep_supervision] if who == "peer" else run(fine, coarse)
        criterion(logits, mask).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 12.0)
        optimizer.step()

    return step


def inference_step(who: str, size: int) -> Callable[[], Any]:
    """One scan through a network in inference mode."""
    network = (
        nnunet(size) if who == "peer" else DualScaleUNet(PAPER, dual=True).to(memory_format=torch.channels_last_3d)
    ).eval()
    fine, coarse, _ = views(size, 1)

    @torch.inference_mode()
    def step() -> None:
        network(fine) if who == "peer" else network(fine, coarse)

    return step


def patient(who: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and MiB of a process that imports, builds and segments one paper-size scan."""
    command, threads = [sys.executable, __file__, "patient", who], {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    began = time.monotonic()
    child = subprocess.Popen(command, env=os.environ | threads)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rows():
    """One row a comparison."""
    voxels = BATCH * SIZE**3
    step = [measured(__file__, "train", who) for who in ("last", "peer")]
    yield compared(f"training step, {BATCH} x {SIZE}^3", *step, voxels=voxels)
    scans = [measured(__file__, "infer", who) for who in ("last", "peer")]
    yield compared(f"inference, {SIZE}^3", *scans, voxels=SIZE**3)
    for choice, instead in CHOICES.items():
        mine = step[0] if choice == "channels last" else measured(__file__, "train", choice)
        other = step[0] if instead == "last" else measured(__file__, "train", instead)
        yield compared(f"{choice}, not channels {instead}, training step", mine, other, voxels=voxels)
    ours, peer = patient("ours"), patient("peer")
    yield {
        "case": f"a patient, {PATIENT}^3, 2 threads, imports (wall {ours[0]:.0f} and {peer[0]:.0f} s)",
        **{"ours_s": ours[1], "peer_s": peer[1], "ours_mib": ours[2], "peer_mib": peer[2]},
        "difference": peer[0] / ours[0],
    }


if __name__ == "__main__":
    if len(sys.argv) == 1:
        tell("segmentation", rows())
    elif sys.argv[1] == "patient":
        torch.set_num_threads(2)
        inference_step(sys.argv[2], PATIENT)()
    else:
        make = {"train": training_step, "infer": lambda who: inference_step(who, SIZE)}[sys.argv[1]]
        torch.set_num_threads(1)
        report(lambda: timed(make(sys.argv[2])))
