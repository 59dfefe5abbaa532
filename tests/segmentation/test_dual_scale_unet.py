"""The network's shape and cost at paper size, without computing, and what it refuses."""

import re
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ichdag.jobs import StudyError
from ichdag.segmentation.dual_scale_unet import DualScaleUNet, NetworkSettings

PAPER = NetworkSettings(channels=[32, 64, 128, 256, 512], deep_supervision=3)


@pytest.fixture
def paper_scan():
    """A scan of paper size on the device that knows shapes only."""
    with torch.device("meta"):
        return torch.empty(1, 1, 128, 128, 128), torch.empty(1, 1, 64, 64, 64)


def test_both_bottlenecks_have_the_papers_size(paper_scan):
    with torch.device("meta"):
        network = DualScaleUNet(PAPER, dual=True)
    fine, coarse = network.bottlenecks(*paper_scan)
    assert fine.shape == (1, 512, 8, 8, 8)
    assert coarse.shape == (1, 512, 4, 4, 4)
    assert fine.numel() + coarse.numel() == 294_912


@pytest.mark.parametrize("dual", [True, False])
def test_logits_come_at_full_half_and_quarter_resolution(dual, paper_scan):
    with torch.device("meta"):
        network = DualScaleUNet(PAPER, dual=dual)
    assert [tuple(level.shape) for level in network(*paper_scan)] == [
        (1, 1, 128, 128, 128),
        (1, 1, 64, 64, 64),
        (1, 1, 32, 32, 32),
    ]


def test_both_encoders_have_the_papers_shape_at_every_stage_and_meet_where_their_grids_coincide(paper_scan):
    with torch.device("meta"):
        fine, coarse = DualScaleUNet(PAPER, dual=True).encode(*paper_scan)
    assert [tuple(stage.shape[1:3]) for stage in fine] == [(32, 128), (64, 64), (128, 32), (256, 16), (512, 8)]
    assert [tuple(stage.shape[1:3]) for stage in coarse] == [(32, 64), (64, 32), (128, 16), (256, 8), (512, 4)]
    assert all(skip.shape[2:] == other.shape[2:] for skip, other in zip(fine[1:], coarse, strict=False))


def test_blocks_have_instance_norm_and_leaky_relu_and_nothing_else():
    kinds = {type(module).__name__ for module in DualScaleUNet(PAPER, dual=True).modules()}
    kinds -= {
        "DualScaleUNet",
        "Encoder",
        "UpBlock",
        "ModuleList",
        "UnetResBlock",
        "UnetBasicBlock",
        "UnetOutBlock",
        "Convolution",
    }
    assert kinds == {"Conv3d", "ConvTranspose3d", "GroupNorm", "LeakyReLU"}


def test_group_norm_with_a_group_a_channel_is_instance_norm():
    norms = [
        module
        for module in DualScaleUNet(NetworkSettings([4, 8], 1), dual=True).modules()
        if isinstance(module, torch.nn.GroupNorm)
    ]
    assert norms and all(norm.num_groups == norm.num_channels and norm.affine for norm in norms)
    image = torch.randn((2, norms[0].num_channels, 6, 6, 6), generator=torch.Generator().manual_seed(0)) + 3
    expected = torch.nn.functional.instance_norm(image, eps=norms[0].eps)
    assert torch.allclose(norms[0](image), expected, atol=1e-5)


@pytest.mark.parametrize(("dual", "column"), [(True, 0), (False, 1)])
def test_parameters_and_flops_are_those_that_the_drawing_states(dual, column, paper_scan):
    text = (Path(__file__).parents[2] / "docs/network.md").read_text("utf-8")
    rows = re.findall(r"^\| .*?\((?:million|GFLOP)\) \| ([\d.]+) \| ([\d.]+) \|$", text, re.M)
    with torch.device("meta"):
        network = DualScaleUNet(PAPER, dual=dual)
    computed = [sum(weight.numel() for weight in network.parameters()) / 1e6]
    with FlopCounterMode(display=False) as forward:
        logits = network(*paper_scan)
    with FlopCounterMode(display=False) as backward:
        sum(level.sum() for level in logits).backward()
    computed += [forward.get_total_flops() / 1e9, (forward.get_total_flops() + backward.get_total_flops()) / 1e9]
    assert [float(row[column]) for row in rows] == pytest.approx(computed, rel=3e-3)


def test_the_single_scale_variant_has_one_bottleneck_and_does_not_look_at_the_coarse_grid():
    torch.manual_seed(0)
    network = DualScaleUNet(NetworkSettings([4, 8], 1), dual=False).eval()
    fine = torch.rand(1, 1, 16, 16, 16)
    assert len(network.bottlenecks(fine, torch.zeros(1, 1, 8, 8, 8))) == 1
    assert torch.equal(network(fine, torch.zeros(1, 1, 8, 8, 8))[0], network(fine, torch.ones(1, 1, 8, 8, 8))[0])


def test_the_dual_scale_network_looks_at_both_grids():
    torch.manual_seed(0)
    network = DualScaleUNet(NetworkSettings([4, 8], 1), dual=True).eval()
    fine, coarse = torch.rand(1, 1, 16, 16, 16), torch.rand(1, 1, 8, 8, 8)
    answer = network(fine, coarse)[0]
    assert not torch.allclose(answer, network(fine, coarse.flip(2))[0])
    assert not torch.allclose(answer, network(fine.flip(2), coarse)[0])


def test_every_weight_of_the_network_is_trained():
    network = DualScaleUNet(NetworkSettings([4, 8, 8], 2), dual=True)
    logits = network(torch.rand(2, 1, 16, 16, 16), torch.rand(2, 1, 8, 8, 8))
    sum(level.square().sum() for level in logits).backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


def test_a_grid_too_small_for_the_stages_is_refused_with_the_cure():
    with pytest.raises(StudyError, match=r"coarse bottleneck of 1\^3 after 5 stages.*multiple of 64"):
        PAPER.check(32)
    with pytest.raises(StudyError, match=r"bottleneck of 2.5\^3"):
        NetworkSettings([4, 8, 16, 32], 1).check(40)
    PAPER.check(128)
    NetworkSettings([4, 8, 16, 32], 1).check(32)


def test_more_supervised_levels_than_the_decoder_has_are_refused():
    with pytest.raises(StudyError, match="deep_supervision is 3"):
        NetworkSettings([4, 8], 3).check(16)
