"""Random changes of training scans, those of nnU-Net (Isensee et al., Nat Methods 2021): place, then intensities."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, conv3d, grid_sample, interpolate


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
    transform = _random_affine(len(fine), settings, generator).to(fine.device)
    fine, mask = _moved(torch.cat([fine, mask], dim=1), transform).split(1, dim=1)
    coarse = _moved(coarse, transform)
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


def _random_affine(count: int, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """(count, 3, 4) maps from output to input in normalized coordinates: mirror, rotate about all axes, scale."""
    angles = torch.stack([_uniform(count, [-1, 1], 0.0, settings.chance, generator) for _ in range(3)], dim=1)
    angles = math.radians(settings.rotation_degrees) * angles
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
    scale = _uniform(count, settings.scale, 1.0, settings.chance, generator).view(count, 1, 1)
    return torch.cat([matrix * signs[:, None, :] / scale, torch.zeros(count, 3, 1)], dim=2)


def _moved(image: Tensor, transform: Tensor) -> Tensor:
    """The image seen through the map; what comes from outside the field of view is air (0)."""
    grid = affine_grid(transform, list(image.shape), align_corners=False)
    return grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


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
    """A scan (1, 1, G, G, G) smoothed by a Gaussian of `sigma` voxels, cut at three of them."""
    reach = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    for axis in range(3):
        shape = [1, 1, 1, 1, 1]
        shape[2 + axis] = len(weights)
        kernel = (weights / weights.sum()).view(shape).to(scan)
        scan = conv3d(scan, kernel, padding=[reach if other == axis else 0 for other in range(3)])
    return scan


def _at_low_resolution(scan: Tensor, zoom: float) -> Tensor:
    """A scan (1, 1, G, G, G) as seen on a grid of `zoom` times its size (nearest), and linearly back."""
    size = [max(1, round(edge * zoom)) for edge in scan.shape[2:]]
    small = interpolate(scan, size=size, mode="nearest-exact")
    return interpolate(small, size=scan.shape[2:], mode="trilinear", align_corners=False)
