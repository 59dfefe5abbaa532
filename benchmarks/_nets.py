"""What both benchmarks of networks share: nnU-Net's own network, steps that are timed, and their FLOPs."""

import sys
from collections.abc import Callable
from typing import Any

import torch
from _measure import seconds_each
from torch.utils.flop_counter import FlopCounterMode

PEER = "dynamic-network-architectures"
TIMED = 2


def nnunet(size: int) -> torch.nn.Module:
    """nnU-Net's residual encoder U-Net as its planner would have it for patches of this edge: halved down to 4^3."""
    try:
        from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet
    except ImportError:
        sys.exit(f"The peer is missing: pip install --no-deps {PEER}, into a scratch environment or on PYTHONPATH.")
    stages = (size // 4).bit_length()
    return ResidualEncoderUNet(
        input_channels=1,
        n_stages=stages,
        features_per_stage=[min(320, 32 * 2**stage) for stage in range(stages)],
        conv_op=torch.nn.Conv3d,
        kernel_sizes=3,
        strides=[1] + [2] * (stages - 1),
        n_blocks_per_stage=[1, 3, 4, 6, 6, 6][:stages],
        num_classes=2,
        n_conv_per_stage_decoder=[1] * (stages - 1),
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=True,
    )


def lesion_logits(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """Logits of lesion against background from nnU-Net's two classes, at every level."""
    return [output[:, 1:] - output[:, :1] for output in outputs]


def timed(step: Callable[[], Any]) -> dict[str, float]:
    """Processor seconds of a step (mean of a few, after one to warm up) and its GFLOP."""
    with FlopCounterMode(display=False) as counter:
        step()
    return {"seconds": seconds_each(step, times=TIMED), "gflop": counter.get_total_flops() / 1e9}


def compared(case: str, ours: dict[str, Any], peer: dict[str, Any], *, voxels: int) -> dict[str, Any]:
    """Return row of the table: seconds and MiB of both; difference is our GFLOP a second over theirs (1 is a draw)."""
    mine, other = ours["result"], peer["result"]
    rates = [side["gflop"] / side["seconds"] for side in (mine, other)]
    speeds = " and ".join(f"{voxels / side['seconds']:.3g}" for side in (mine, other))
    return {
        "case": f"{case} ({speeds} voxels/s)",
        "ours_s": mine["seconds"],
        "peer_s": other["seconds"],
        "ours_mib": ours["mib"],
        "peer_mib": peer["mib"],
        "difference": rates[0] / rates[1],
    }
