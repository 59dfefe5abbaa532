"""What a scanner makes of a head: grid, blur, noise, offset - and what goes wrong with some files."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from ichdag.images import Volume, write_image
from ichdag.phantom import Settings
from ichdag.phantom.anatomy import draw_head
from ichdag.phantom.fields import head_points
from ichdag.phantom.lesion import draw_lesion

COVERAGE_MM = 152.0
NOISE_HU = {"development": 3.0, "external": 3.8, "prediction": 3.8}
OFFSET_HU = {"development": 0.0, "external": 1.5, "prediction": 1.5}


def draw_scan(truth: dict[str, Any], *, timepoint: str, settings: Settings) -> tuple[Volume, Volume]:
    """Draw one scan (HU) of a participant and the mask of its hematoma. Same truth, same voxels."""
    followup = timepoint == "followup"
    random = np.random.default_rng([*truth["seed"], 1 + followup])
    shape, affine = _grid(settings, random)
    points = head_points(shape, affine, turn=random.normal(0, 3, 3))
    person = np.random.default_rng([*truth["seed"], 0])
    head = draw_head(points, random=person)
    volume_ml = truth["followup_ml"] if followup else truth["volume_ml"]
    voxel_ml = float(abs(np.linalg.det(affine[:3, :3])) / 1000)
    values, mask = draw_lesion(head, points, truth=truth, volume_ml=volume_ml, voxel_ml=voxel_ml, random=person)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    blurred = ndimage.gaussian_filter(values, sigma=[0.8 / spacing[0], 0.8 / spacing[1], 0], truncate=3)
    grain = random.standard_normal(shape, dtype=np.float32)
    grain = ndimage.gaussian_filter(grain, sigma=[0.5, 0.5, 0], truncate=2)
    noisy = blurred + OFFSET_HU[truth["role"]] + grain * (NOISE_HU[truth["role"]] / grain.std())
    return Volume(np.clip(noisy, -1024, 3071), affine), Volume(mask, affine)


def write_scans(truth: dict[str, Any], paths: dict[str, str], *, settings: Settings) -> None:
    """Draw and write both scans and masks of a participant (paths by column of the sheet), its fault included."""
    for timepoint in ("baseline", "followup"):
        scan, mask = draw_scan(truth, timepoint=timepoint, settings=settings)
        if timepoint == "baseline":
            scan, mask = _spoiled(scan, mask, truth["fault"])
        write_image(scan, paths[f"{timepoint}_ct"])
        write_image(mask, paths[f"{timepoint}_mask"])
    if truth["fault"] == "truncated_file":
        whole = Path(paths["baseline_ct"]).read_bytes()
        Path(paths["baseline_ct"]).write_bytes(whole[: len(whole) // 2])


def _grid(settings: Settings, random: np.random.Generator) -> tuple[tuple[int, int, int], np.ndarray]:
    """Shape and affine of one scan: spacing drawn within the settings, the head near the middle."""
    edge = random.uniform(*settings.field_of_view_mm) / settings.matrix
    thickness = random.uniform(*settings.slice_thickness_mm)
    shape = (settings.matrix, settings.matrix, int(np.ceil(COVERAGE_MM / thickness)))
    affine = np.diag([edge, edge, thickness, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * np.diag(affine)[:3] + random.normal(0, 2, 3)
    return shape, affine


def _spoiled(scan: Volume, mask: Volume, fault: str | None) -> tuple[Volume, Volume]:
    """The pair with one of the faults that only its voxels show."""
    if fault == "empty_scan":
        return Volume(np.zeros_like(scan.values), scan.affine), mask
    if fault == "wrong_units":
        return Volume(np.interp(scan.values, (-1000, 1000), (0, 255)).astype(np.float32), scan.affine), mask
    if fault == "mask_off_grid":
        return scan, Volume(mask.values[:, :, 1:], mask.affine)
    return scan, mask
