"""Random changes of training scans: mirroring, rotation, scale, noise, brightness, contrast."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


@dataclass(frozen=True)
class AugmentationSettings:
    """How far each change may go. Intensities are in units of the CT window (0 to 1)."""

    mirror: float
    rotation_degrees: float
    scale: list[float]
    noise: float
    brightness: float
    contrast: list[float]


def augment(
    fine: Tensor, *, coarse: Tensor, mask: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """One random change for each scan of a batch, the same on both grids, for they cover the same field of view.

    fine and mask (b, 1, G, G, G), coarse (b, 1, G/2, G/2, G/2), all float32. Every number is drawn from `generator`
    (on the CPU), so that a training can be resumed bit for bit.
    """
    transform = _random_affine(len(fine), settings, generator).to(fine.device)
    fine, mask = _moved(torch.cat([fine, mask], dim=1), transform).split(1, dim=1)
    coarse, mask = _moved(coarse, transform), (mask > 0.5).float()
    contrast = _uniform(len(fine), settings.contrast, generator)
    brightness = _uniform(len(fine), [-settings.brightness, settings.brightness], generator)
    noise = _uniform(len(fine), [0.0, settings.noise], generator)
    images = []
    for image in (fine, coarse):
        factor, shift, sd = (value.view(-1, 1, 1, 1, 1).to(image.device) for value in (contrast, brightness, noise))
        grain = torch.randn(image.shape, generator=generator).to(image.device)
        images.append(((image - 0.5) * factor + 0.5 + shift + sd * grain).clamp(0, 1))
    return images[0], images[1], mask


def _uniform(count: int, limits: list[float], generator: torch.Generator) -> Tensor:
    low, high = limits
    return low + (high - low) * torch.rand(count, generator=generator)


def _random_affine(count: int, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """(count, 3, 4) maps from output to input in normalized coordinates: mirror, rotate about all axes, scale."""
    angles = math.radians(settings.rotation_degrees) * _uniform(count * 3, [-1, 1], generator).view(count, 3)
    matrix = torch.eye(3).repeat(count, 1, 1)
    for axis in range(3):
        one, other = [index for index in range(3) if index != axis]
        turn = torch.eye(3).repeat(count, 1, 1)
        turn[:, one, one] = turn[:, other, other] = torch.cos(angles[:, axis])
        turn[:, one, other] = torch.sin(angles[:, axis])
        turn[:, other, one] = -torch.sin(angles[:, axis])
        matrix = matrix @ turn
    mirrored = torch.rand(count, 3, generator=generator) < settings.mirror
    signs = 1.0 - 2.0 * mirrored.float()
    scale = _uniform(count, settings.scale, generator).view(count, 1, 1)
    return torch.cat([matrix * signs[:, None, :] / scale, torch.zeros(count, 3, 1)], dim=2)


def _moved(image: Tensor, transform: Tensor) -> Tensor:
    """The image seen through the map; what comes from outside the field of view is air (0)."""
    grid = affine_grid(transform, list(image.shape), align_corners=False)
    return grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
