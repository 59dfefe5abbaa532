"""Data augmentation as in nnU-Net (Isensee et al., Nat Methods 2021): spatial transforms, then intensities."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, pad

from ichdag.training import draw_mirror_axes


@dataclass(frozen=True)
class AugmentationSettings:
    """Range and probability of each transform. Intensities are in units of the CT window (0 to 1)."""

    probability: float
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
    """Augment a batch: draw each transform once for each scan and apply it to both grids and to the mask.

    fine and mask (b, 1, G, G, G), coarse (b, 1, G/2, G/2, G/2), all float32; a voxel of the mask is the fraction of it
    that is lesion. Every number is drawn from `generator` (on the CPU), so that a training can be resumed bit for bit.
    """
    affines, mirror_axes = _draw_spatial_transforms(len(fine), settings, generator)
    fine, mask = _transform_spatially(torch.cat([fine, mask], dim=1), affines, mirror_axes).split(1, dim=1)
    coarse = _transform_spatially(coarse, affines, mirror_axes)
    amounts = _draw_intensity_amounts(len(fine), settings, generator)
    images = []
    for image, downsampling in ((fine, 1), (coarse, 2)):
        image = _add_noise(image, amounts["noise"], generator)
        image = _apply_to_each(image, amounts["blur"] / downsampling, 0.0, _gaussian_blur)
        factor, shift = (amounts[name].view(-1, 1, 1, 1, 1).to(image.device) for name in ("contrast", "brightness"))
        image = (image - 0.5) * factor + 0.5 + shift
        image = _apply_to_each(image, amounts["resolution"], 1.0, _simulate_low_resolution).clamp(0, 1)
        images.append(_apply_to_each(image, amounts["gamma"], 1.0, torch.pow))
    return images[0], images[1], mask


def _draw_intensity_amounts(
    count: int, settings: AugmentationSettings, generator: torch.Generator
) -> dict[str, Tensor]:
    """Draw the amount of each intensity transform for each scan (count,); the neutral amount where it is left out."""
    ranges = {
        "noise": ([0.0, settings.noise], 0.0),
        "blur": ([settings.blur_voxels / 2, settings.blur_voxels], 0.0),
        "brightness": ([-settings.brightness, settings.brightness], 0.0),
        "contrast": (settings.contrast, 1.0),
        "resolution": ([settings.low_resolution, 1.0], 1.0),
        "gamma": (settings.gamma, 1.0),
    }
    return {
        name: _draw_uniform(count, limits, neutral, settings.probability, generator)
        for name, (limits, neutral) in ranges.items()
    }


def _draw_uniform(
    count: int, limits: list[float], neutral: float, probability: float, generator: torch.Generator
) -> Tensor:
    """Draw a number within the limits for each scan (count,), with this probability; otherwise take `neutral`."""
    low, high = limits
    drawn = low + (high - low) * torch.rand(count, generator=generator)
    return torch.where(torch.rand(count, generator=generator) < probability, drawn, neutral)


def _draw_spatial_transforms(
    count: int, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[list[Tensor | None], list[list[int]]]:
    """Draw for each scan an affine (rotation about all axes and scaling), or None, and the dimensions to mirror.

    An affine (1, 3, 4) maps output to input in normalized coordinates.
    """
    angles = 2 * torch.rand(count, 3, generator=generator) - 1
    angles *= math.radians(settings.rotation_degrees) * (
        torch.rand(count, 1, generator=generator) < settings.probability
    )
    scale = _draw_uniform(count, settings.scale, 1.0, settings.probability, generator)
    mirror_axes = draw_mirror_axes(count, settings.mirror, generator)
    matrix = torch.eye(3).repeat(count, 1, 1)
    for axis in range(3):
        i, j = [index for index in range(3) if index != axis]
        rotation = torch.eye(3).repeat(count, 1, 1)
        rotation[:, i, i] = rotation[:, j, j] = torch.cos(angles[:, axis])
        rotation[:, i, j] = torch.sin(angles[:, axis])
        rotation[:, j, i] = -torch.sin(angles[:, axis])
        matrix = matrix @ rotation
    affines = torch.cat([matrix / scale.view(count, 1, 1), torch.zeros(count, 3, 1)], dim=2).split(1)
    unchanged = (angles == 0).all(dim=1) & (scale == 1)
    pairs = zip(affines, unchanged.tolist(), strict=True)
    return [None if is_unchanged else affine for affine, is_unchanged in pairs], mirror_axes


def _transform_spatially(image: Tensor, affines: list[Tensor | None], mirror_axes: list[list[int]]) -> Tensor:
    """Resample and mirror each scan; voxels from outside the field of view become air (0)."""
    scans = list(image.split(1))
    for row, (affine, dimensions) in enumerate(zip(affines, mirror_axes, strict=True)):
        if affine is not None:
            grid = affine_grid(affine.to(image.device), list(scans[row].shape), align_corners=False)
            scans[row] = grid_sample(scans[row], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        scans[row] = scans[row].flip(dimensions)
    return torch.cat(scans)


def _apply_to_each(
    image: Tensor, amounts: Tensor, neutral: float, transform: Callable[[Tensor, float], Tensor]
) -> Tensor:
    """Apply a transform to each scan of the batch by its amount; scans with the `neutral` amount are skipped."""
    scans = list(image.split(1))
    for row, amount in enumerate(amounts.tolist()):
        if amount != neutral:
            scans[row] = transform(scans[row], amount)
    return torch.cat(scans)


def _add_noise(image: Tensor, sd: Tensor, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise of SD `sd` (one for each scan)."""
    return _apply_to_each(
        image, sd, 0.0, lambda scan, size: scan + size * torch.randn(scan.shape, generator=generator).to(scan)
    )


def _gaussian_blur(scan: Tensor, sigma: float) -> Tensor:
    """Smooth a scan (1, 1, G, G, G) with a Gaussian of `sigma` voxels, truncated at three sigma.

    It adds shifted scans along each axis: a convolution with one channel takes twenty times as long on a CPU.
    """
    radius = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).tolist()
    for axis in range(3):
        padding = [radius if axis == 2 - side // 2 else 0 for side in range(6)]  # `pad` begins with the last axis
        padded = pad(scan, padding)
        size = scan.shape[2 + axis]
        scan = torch.zeros_like(scan)
        for shift, weight in enumerate(weights):
            scan.add_(padded.narrow(2 + axis, shift, size), alpha=weight)
    return scan


def _simulate_low_resolution(scan: Tensor, zoom: float) -> Tensor:
    """Downsample a scan (1, 1, G, G, G) to `zoom` times its size (nearest), and upsample it again (linear)."""
    size = [max(1, round(edge * zoom)) for edge in scan.shape[2:]]
    small = interpolate(scan, size=size, mode="nearest-exact")
    return interpolate(small, size=scan.shape[2:], mode="trilinear", align_corners=False)
