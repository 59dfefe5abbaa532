"""Simulate the scanner: pose, grid, blur, noise and offset of a head; write the files of one participant."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ichdag.images import Volume, write_image
from ichdag.phantom.anatomy import draw_anatomy, paint_head
from ichdag.phantom.corruption import corrupt_volumes, truncate_file
from ichdag.phantom.head_geometry import HeadGrid, rotation

COVERAGE_MM = 152.0
TOP_MM = 88.0
BLUR_MM = 0.7
# ASSUME: the external scanners have more noise and slightly higher HU; this is the domain shift for the models.
NOISE_HU = {"development": 3.0, "external": 4.0, "prediction": 4.0}
OFFSET_HU = {"development": 0.0, "external": 2.0, "prediction": 2.0}
# Which way each axis is stored: left to right, or right to left as most scanners do.
AXIS_SIGNS = {"development": (1, 1, 1), "external": (-1, 1, 1), "prediction": (-1, -1, 1)}


@dataclass(frozen=True)
class ScannerSettings:
    """The grid of the scans; meanings and units in config/schemas/phantom.schema.json."""

    matrix: int
    field_of_view_mm: tuple[float, float]
    slice_thickness_mm: tuple[float, float]


def write_scans(truth: dict[str, Any], paths: dict[str, str], *, scanner: ScannerSettings) -> None:
    """Draw and write both scans and masks of a participant, with its fault; `paths` are by column of the sheet."""
    for timepoint in ("baseline", "followup"):
        scan, mask = draw_scan(truth, timepoint=timepoint, scanner=scanner)
        if timepoint == "baseline":
            scan, mask = corrupt_volumes(scan, mask, fault=truth["fault"])
        write_image(scan, paths[f"{timepoint}_ct"])
        write_image(mask, paths[f"{timepoint}_mask"])
    truncate_file(paths["baseline_ct"], fault=truth["fault"])


def draw_scan(truth: dict[str, Any], *, timepoint: str, scanner: ScannerSettings) -> tuple[Volume, Volume]:
    """Draw one scan (HU) of a participant and the mask of its hematoma; the same truth always gives the same voxels."""
    followup = timepoint == "followup"
    random = np.random.default_rng([*truth["seed"], 1 + followup])
    shape, affine = _draw_grid(scanner, random, truth["role"])
    pose = rotation(random.normal(0, [3.5, 2.0, 3.5]))
    grid = HeadGrid(shape, pose @ affine[:3, :3], pose @ affine[:3, 3])
    volume_ml = truth["followup_ml" if followup else "volume_ml"]
    values, mask = paint_head(draw_anatomy(truth), grid=grid, volume_ml=volume_ml)
    blurred = _blur(values, BLUR_MM / np.linalg.norm(affine[:3, :3], axis=0)[:2])
    noise = _blur(random.standard_normal(shape, dtype=np.float32), (0.5, 0.5))
    noise *= NOISE_HU[truth["role"]] * random.uniform(0.85, 1.2) / noise.std()
    observed = blurred + noise + np.float32(OFFSET_HU[truth["role"]] + random.normal(0, 0.5))
    return Volume(np.clip(observed, -1024, 3071), affine), Volume(mask, affine)


def _draw_grid(
    scanner: ScannerSettings, random: np.random.Generator, role: str
) -> tuple[tuple[int, int, int], np.ndarray]:
    """Draw shape and affine of one scan: spacing (mm) within the settings, vertex on top, head near the center."""
    edge = random.uniform(*scanner.field_of_view_mm) / scanner.matrix
    thickness = random.uniform(*scanner.slice_thickness_mm)
    shape = (scanner.matrix, scanner.matrix, int(np.ceil(COVERAGE_MM / thickness)))
    signs = np.array(AXIS_SIGNS[role])
    affine = np.diag([*(signs * [edge, edge, thickness]), 1.0])
    center = random.normal(0, 2, 3) + [0, 0, TOP_MM - (shape[2] - 1) * thickness / 2]
    affine[:3, 3] = center - affine[:3, :3] @ (np.array(shape) - 1) / 2
    return shape, affine


def _blur(values: np.ndarray, sigma: tuple[float, float] | np.ndarray) -> np.ndarray:
    """Blur in the slice plane with a Gaussian (sigma in voxels, along i and j) of at most seven weights."""
    for axis, width in enumerate(sigma):
        radius = min(3, max(1, round(3 * width)))
        weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / width) ** 2)
        weights = (weights / weights.sum()).astype(np.float32)
        padded = np.pad(values, [(radius, radius) if other == axis else (0, 0) for other in range(3)], mode="edge")
        shifted = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=axis)
        values = shifted @ weights
    return values
