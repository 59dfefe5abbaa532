"""Random changes of training scans, those of nnU-Net (Isensee et al., Nat Methods 2021): place, then intensities."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from ichdag.training import draw_mirrors


@dataclass(frozen=True)
class AugmentationSettings:
    """How far each change may go, and how often. Intensities are in units of the CT window (0 to 1)."""

    chance: float
    mirror: float
    rotation_degrees: float
    scale: list[float]
    noise: float
    blur_voxels: float
    brightness: float
    contrast: list[float]
    low_resolution: float
    gamma: list[float]


def augment(
    fine: Tensor, *, coarse: Tensor, mask: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """One random change of each kind for each scan of a batch, the same on both grids: they cover one field of view.

    fine and mask (b, 1, G, G, G), coarse (b, 1, G/2, G/2, G/2), all float32; voxels of the mask hold parts of lesion.
    Every number is drawn from `generator` (on the CPU), so that a training can be resumed bit for bit.
    """
    turns, mirrors = _random_moves(len(fine), settings, generator)
    fine, mask = _moved(torch.cat([fine, mask], dim=1), turns, mirrors).split(1, dim=1)
    coarse = _moved(coarse, turns, mirrors)
    drawn = _intensities(len(fine), settings, generator)
    images = []
    for image, coarseness in ((fine, 1), (coarse, 2)):
        image = _noisy(image, drawn["noise"], generator)
        image = _each(image, drawn["blur"] / coarseness, 0.0, _blurred)
        factor, shift = (drawn[name].view(-1, 1, 1, 1, 1).to(image.device) for name in ("contrast", "brightness"))
        image = (image - 0.5) * factor + 0.5 + shift
        image = _each(image, drawn["resolution"], 1.0, _at_low_resolution).clamp(0, 1)
        images.append(_each(image, drawn["gamma"], 1.0, torch.pow))
    return images[0], images[1], mask


def _intensities(count: int, settings: AugmentationSettings, generator: torch.Generator) -> dict[str, Tensor]:
    """How far each intensity change goes, for each scan (count,); where chance leaves it out, what changes nothing."""
    limits = {
        "noise": ([0.0, settings.noise], 0.0),
        "blur": ([settings.blur_voxels / 2, settings.blur_voxels], 0.0),
        "brightness": ([-settings.brightness, settings.brightness], 0.0),
        "contrast": (settings.contrast, 1.0),
        "resolution": ([settings.low_resolution, 1.0], 1.0),
        "gamma": (settings.gamma, 1.0),
    }
    return {name: _uniform(count, *limit, settings.chance, generator) for name, limit in limits.items()}


def _uniform(count: int, limits: list[float], still: float, chance: float, generator: torch.Generator) -> Tensor:
    """One number within the limits for each scan, or with 1 - chance `still`."""
    low, high = limits
    drawn = low + (high - low) * torch.rand(count, generator=generator)
    return torch.where(torch.rand(count, generator=generator) < chance, drawn, still)


def _random_moves(
    count: int, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[list[Tensor | None], list[list[int]]]:
    """For each scan a turn about all axes with a scaling, or None, and the dimensions it is mirrored along.

    A turn (1, 3, 4) maps output to input in normalized coordinates.
    """
    angles = 2 * torch.rand(count, 3, generator=generator) - 1
    angles *= math.radians(settings.rotation_degrees) * (torch.rand(count, 1, generator=generator) < settings.chance)
    scale = _uniform(count, settings.scale, 1.0, settings.chance, generator)
    mirrors = draw_mirrors(count, settings.mirror, generator)
    matrix = torch.eye(3).repeat(count, 1, 1)
    for axis in range(3):
        one, other = [index for index in range(3) if index != axis]
        turn = torch.eye(3).repeat(count, 1, 1)
        turn[:, one, one] = turn[:, other, other] = torch.cos(angles[:, axis])
        turn[:, one, other] = torch.sin(angles[:, axis])
        turn[:, other, one] = -torch.sin(angles[:, axis])
        matrix = matrix @ turn
    turns = torch.cat([matrix / scale.view(count, 1, 1), torch.zeros(count, 3, 1)], dim=2).split(1)
    stays = (angles == 0).all(dim=1) & (scale == 1)
    return [None if still else turn for turn, still in zip(turns, stays.tolist(), strict=True)], mirrors


def _moved(image: Tensor, turns: list[Tensor | None], mirrors: list[list[int]]) -> Tensor:
    """Each scan turned and mirrored; what comes from outside the field of view is air (0)."""
    scans = list(image.split(1))
    for row, (turn, dimensions) in enumerate(zip(turns, mirrors, strict=True)):
        if turn is not None:
            grid = affine_grid(turn.to(image.device), list(scans[row].shape), align_corners=False)
            scans[row] = grid_sample(scans[row], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        scans[row] = scans[row].flip(dimensions)
    return torch.cat(scans)


def _each(image: Tensor, amounts: Tensor, still: float, change) -> Tensor:
    """Each scan of the batch changed by its amount; those at `still` stay as they are and cost nothing."""
    scans = list(image.split(1))
    for row, amount in enumerate(amounts.tolist()):
        if amount != still:
            scans[row] = change(scans[row], amount)
    return torch.cat(scans)


def _noisy(image: Tensor, sd: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussian noise of SD `sd` (one a scan) added."""
    return _each(image, sd, 0.0, lambda scan, size: scan + size * torch.randn(scan.shape, generator=generator).to(scan))


def _blurred(scan: Tensor, sigma: float) -> Tensor:
    """A scan (1, 1, G, G, G) smoothed by a Gaussian of `sigma` voxels, cut at three of them.

    A sum of shifted scans along each axis: a convolution of one channel takes twenty times as long on a CPU.
    """
    reach = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).tolist()
    for axis in range(3):
        edges = [reach if axis == 2 - edge // 2 else 0 for edge in range(6)]  # `pad` begins with the last axis
        padded, size = pad(scan, edges), scan.shape[2 + axis]
        scan = torch.zeros_like(scan)
        for shift, weight in enumerate(weights):
            scan.add_(padded.narrow(2 + axis, shift, size), alpha=weight)
    return scan


def _at_low_resolution(scan: Tensor, zoom: float) -> Tensor:
    """A scan (1, 1, G, G, G) as seen on a grid of `zoom` times its size (nearest), and linearly back."""
    size = [max(1, round(edge * zoom)) for edge in scan.shape[2:]]
    small = interpolate(scan, size=size, mode="nearest-exact")
    return interpolate(small, size=scan.shape[2:], mode="trilinear", align_corners=False)
