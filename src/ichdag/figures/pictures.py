"""Draw pictures of scans: segmentation examples (Figure 1), reconstructed patches (Figure 2), saliency maps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.figures.style import GRAY, ORANGE, SKY, draw_message, set_size
from ichdag.jobs import StudyError

BRAIN_WINDOW_HU = (0, 80)
TILE_MM = 43
FIELDS = ["subject", "role", "picture", "slice", "score", "meaning"]


@dataclass(frozen=True)
class Picture:
    """One slice: its row of the table beside the figure, the image (rows from the top), outlines and overlay if any."""

    record: dict[str, Any]
    image: np.ndarray
    limits: tuple[float, float]
    manual: np.ndarray | None = None
    predicted: np.ndarray | None = None
    overlay: np.ndarray | None = None


def table_of(pictures: list[Picture]) -> pd.DataFrame:
    """Build the table kept beside a figure of pictures; follows schema pictures."""
    return pd.DataFrame([picture.record for picture in pictures], columns=FIELDS)


def choose_examples(scores: pd.DataFrame, *, role: str, examples: int) -> pd.DataFrame:
    """Choose participants of a role at evenly spaced ranks of Dice, from worst to best."""
    selected = (scores["role"] == role) & (scores["variant"] == "dual")
    scored = scores[selected].dropna(subset="dice").sort_values(["dice", "subject"])
    ranks = np.unique(np.linspace(0, len(scored) - 1, min(examples, len(scored))).round().astype(int))
    return scored.iloc[ranks]


def example_picture(score: Any, *, grids: dict[str, np.ndarray], probability: np.ndarray | None, threshold: float,
                    window_hu: tuple[float, float]) -> Picture:  # fmt: skip
    """Take the axial slice with the largest lesion (manual if there is a mask), in HU, with both outlines.

    `score` is a row of the scores table; `probability` (G, G, G) is uint8, 255 is 1. Raises StudyError if it is None.
    """
    if probability is None:
        raise StudyError(
            f"sub-{score.subject} has a Dice but no probability map in any batch: rerun segment_scans for it"
        )
    manual = grids.get("baseline_mask")
    predicted = probability >= threshold * 255
    manual = None if manual is None else manual >= 0.5
    lesion = predicted if manual is None else manual
    index = int(lesion.sum(axis=(0, 1)).argmax()) if lesion.any() else lesion.shape[2] // 2
    low, high = window_hu
    record = {"subject": score.subject, "role": score.role, "picture": "axial", "slice": index, "score": score.dice}
    return Picture(
        record | {"meaning": "Dice of the whole lesion, scan's own grid"},
        upright(grids["baseline_fine"][:, :, index].astype(np.float32) * (high - low) + low),
        BRAIN_WINDOW_HU,
        manual=None if manual is None else upright(manual[:, :, index]),
        predicted=upright(predicted[:, :, index]),
    )


def patch_pictures(subject: str, *, patch: np.ndarray, reconstruction: np.ndarray) -> list[Picture]:
    """Take axial mid-slices of a patch and its reconstruction, (P, P, P) in [0, 1], with the mean absolute error."""
    index = patch.shape[2] // 2
    error = float(np.abs(patch.astype(np.float64) - reconstruction).mean())
    record = {"subject": subject, "role": None, "slice": index, "score": error}
    meaning = {"meaning": "mean absolute error of the whole patch, window 0 to 1"}
    return [
        Picture(record | {"picture": name} | meaning, upright(values[:, :, index].astype(np.float32)), (0, 1))
        for name, values in (("patch", patch), ("reconstruction", reconstruction))
    ]


def saliency_pictures(
    subject: str, *, fine: np.ndarray, saliency: np.ndarray, lesion: np.ndarray | None
) -> list[Picture]:
    """Take axial, coronal and sagittal slices of the fine grid (G, G, G) through the center of the lesion.

    `saliency` is a smaller grid of the same field of view; it is interpolated linearly and scaled to its maximum.
    `lesion` (G, G, G) is outlined; without one the slices go through the largest saliency.
    """
    from scipy.ndimage import zoom

    factors = np.divide(fine.shape, saliency.shape)
    overlay = zoom(np.clip(saliency.astype(np.float32), 0, None), factors, order=1, grid_mode=True, mode="nearest")
    peak = float(overlay.max())
    indices = np.unravel_index(overlay.argmax(), overlay.shape)
    if lesion is not None and lesion.any():
        indices = np.rint(np.argwhere(lesion).mean(axis=0)).astype(int)
    pictures = []
    for axis, name in ((2, "axial"), (1, "coronal"), (0, "sagittal")):
        image = np.take(fine, indices[axis], axis=axis)
        heatmap = np.take(overlay, indices[axis], axis=axis)
        record = {"subject": subject, "role": None, "picture": name, "slice": int(indices[axis]), "score": peak}
        record["meaning"] = "largest Grad-CAM value, which the colors are scaled to"
        scaled = heatmap / peak if peak > 0 else heatmap
        outline = None if lesion is None else upright(np.take(lesion, indices[axis], axis=axis))
        image = upright(image.astype(np.float32))
        pictures.append(Picture(record, image, (0, 1), manual=outline, overlay=upright(scaled)))
    return pictures


def upright(plane: np.ndarray) -> np.ndarray:
    """Turn a RAS+ plane for display: anterior or superior at the top, the patient's left on the viewer's right."""
    return plane.T[::-1, ::-1]


def draw_examples(pictures: list[Picture], figure: Figure) -> None:
    """Draw a row per role, from worst to best Dice; manual outline solid, predicted outline dashed."""
    roles = [role for role in ("development", "external") if any(p.record["role"] == role for p in pictures)]
    if not roles:
        return draw_message(figure, "No manual masks: no examples can be scored.")
    rows = [[picture for picture in pictures if picture.record["role"] == role] for role in roles]
    axes = tiles_of(figure, rows=len(rows), columns=max(map(len, rows)), below_mm=8)
    for role, row, tiles in zip(roles, rows, axes, strict=True):
        tiles[0].set_ylabel(f"{role.capitalize()}", visible=True)
        for picture, tile in zip(row, tiles, strict=False):
            draw_slice(picture, tile)
            tile.set_title(f"{picture.record['subject']}  Dice {picture.record['score']:.2f}", fontsize=7)
    for color, style, words in ((ORANGE, "-", "Manual outline"), (SKY, "--", "Predicted outline")):
        axes[0][0].plot([], [], color=color, linestyle=style, label=words)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


def draw_reconstructions(pictures: list[Picture], figure: Figure) -> None:
    """Draw CT patches above, their reconstructions below; a column per participant."""
    if not pictures:
        return draw_message(figure, "No patches were reconstructed.")
    columns = list(dict.fromkeys(picture.record["subject"] for picture in pictures))
    axes = tiles_of(figure, rows=2, columns=len(columns))
    for row, name in enumerate(("patch", "reconstruction")):
        axes[row][0].set_ylabel("CT patch" if row == 0 else "VAE-GAN reconstruction")
        for picture in (picture for picture in pictures if picture.record["picture"] == name):
            tile = axes[row][columns.index(picture.record["subject"])]
            draw_slice(picture, tile)
            words = f"mean error {picture.record['score']:.3f}" if row else picture.record["subject"]
            tile.set_title(words, fontsize=7)


def draw_saliency(pictures: list[Picture], figure: Figure) -> None:
    """Draw three planes of each participant's map; a row per plane, a column per participant."""
    if not pictures:
        return draw_message(figure, "No saliency maps: no participant could be explained.")
    columns = list(dict.fromkeys(picture.record["subject"] for picture in pictures))
    planes = ("axial", "coronal", "sagittal")
    axes = tiles_of(figure, rows=3, columns=len(columns), beside_mm=20)
    for picture in pictures:
        row = planes.index(picture.record["picture"])
        tile = axes[row][columns.index(picture.record["subject"])]
        tile.set_title(picture.record["subject"] if row == 0 else "", fontsize=7)
        draw_slice(picture, tile)
    for plane, tiles in zip(planes, axes, strict=True):
        tiles[0].set_ylabel(plane.capitalize())
    bar = figure.colorbar(axes[0][0].images[-1], ax=[tiles[-1] for tiles in axes], shrink=0.5, aspect=30)
    bar.set_label("Grad-CAM, part of the participant's maximum")
    if bar.solids is not None:  # opaque, unlike the map over the scan
        bar.solids.set_alpha(1)


def tiles_of(figure: Figure, *, rows: int, columns: int, below_mm: float = 0, beside_mm: float = 0) -> list[list[Axes]]:
    """Create square tiles without ticks, with small gaps."""
    set_size(figure, width_mm=TILE_MM * columns + 8 + beside_mm, height_mm=(TILE_MM + 5) * rows + below_mm)
    tiles = figure.subplots(rows, columns, squeeze=False)
    for tile in tiles.flat:
        tile.set(xticks=[], yticks=[])
        tile.spines[:].set_visible(False)
        tile.yaxis.label.set_color(GRAY)
    return tiles.tolist()


def draw_slice(picture: Picture, tile: Axes) -> None:
    """Draw one slice in gray with its outlines and overlay."""
    low, high = picture.limits
    tile.imshow(picture.image, cmap="gray", vmin=low, vmax=high, interpolation="bilinear")
    if picture.overlay is not None:
        strength = 0.65 * np.clip(picture.overlay, 0, 1)
        tile.imshow(picture.overlay, cmap="inferno", vmin=0, vmax=1, alpha=strength, interpolation="bilinear")
    for outline, color, style in ((picture.manual, ORANGE, "solid"), (picture.predicted, SKY, "dashed")):
        if outline is not None and outline.any():
            tile.contour(outline.astype(float), levels=[0.5], colors=[color], linestyles=[style], linewidths=1.1)
