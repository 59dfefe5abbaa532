"""The VAE-GAN against nnU-Net's own network (dynamic-network-architectures) on the same patches.

`make bench-latent`. One thread, a process each, same batch and size. Ours is a step of autoencoder and of
discriminator, theirs a step of Dice + cross-entropy; difference is our GFLOP a second over the peer's. Then the latents
of one patch at paper size.
"""

import sys
from collections.abc import Callable
from typing import Any

import torch
from _measure import ROOT, measured, report, tell
from _nets import compared, lesion_logits, nnunet, timed

sys.path.insert(0, str(ROOT / "src"))

from ichdag.latent.vaegan_losses import LossWeights  # noqa: E402
from ichdag.latent.vaegan_networks import VaeganSettings  # noqa: E402
from ichdag.latent.vaegan_training import TrainingSettings, VaeGan, train_step  # noqa: E402
from ichdag.segmentation.deep_supervision_loss import DeepSupervisionLoss  # noqa: E402

SIZE, BATCH, PATCH = 32, 2, 64
PAPER = VaeganSettings(channels=[64, 128, 256, 512])
SETTINGS = TrainingSettings(
    epochs=1,
    batch_size=BATCH,
    learning_rate=2e-4,
    discriminator_learning_rate=1e-4,
    kl_weight=1e-4,
    adversarial_weight=0.01,
    similarity_weight=0.1,
    warmup_epochs=0,
    mirror=0.0,
    discriminator_ceiling=1.0,
    mixed_precision=False,
    deterministic=True,
    checkpoint_every_epochs=1,
)


def training_step(who: str) -> Callable[[], Any]:
    """One step on a batch of patches: autoencoder and discriminator in turn, or nnU-Net's network."""
    torch.manual_seed(0)
    patch = torch.rand(BATCH, 1, SIZE, SIZE, SIZE)
    if who == "ours":
        vaegan, generator = VaeGan(PAPER, SETTINGS, torch.device("cpu")), torch.Generator().manual_seed(0)
        weights = LossWeights(SETTINGS.kl_weight, SETTINGS.adversarial_weight, SETTINGS.similarity_weight)
        return lambda: train_step(vaegan, patch, weights, SETTINGS, generator)
    network, criterion, mask = nnunet(SIZE), DeepSupervisionLoss(1.0), (patch > 0.9).float()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.99, nesterov=True)

    def step() -> None:
        optimizer.zero_grad()
        criterion(lesion_logits(network(patch)), mask).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 12.0)
        optimizer.step()

    return step


def encoding_step(who: str) -> Callable[[], Any]:
    """Return the latents of one patch at paper size, or nnU-Net's segmentation of it."""
    patch = torch.rand(1, 1, PATCH, PATCH, PATCH)
    network = nnunet(PATCH) if who == "peer" else VaeGan(PAPER, SETTINGS, torch.device("cpu")).autoencoder.encoder

    @torch.inference_mode()
    def step() -> None:
        network.eval()(patch)

    return step


def rows():
    """One row a comparison."""
    step = [measured(__file__, "train", who) for who in ("ours", "peer")]
    yield compared(f"training step, {BATCH} x {SIZE}^3", *step, voxels=BATCH * SIZE**3)
    encoded = [measured(__file__, "encode", who) for who in ("ours", "peer")]
    yield compared(f"latents of a patch, {PATCH}^3", *encoded, voxels=PATCH**3)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        tell("latent", rows())
    else:
        torch.set_num_threads(1)
        make = {"train": training_step, "encode": encoding_step}[sys.argv[1]]
        report(lambda: timed(make(sys.argv[2])))
