"""Draw learning curves of every network, and patches sampled from the VAE-GAN."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.constants import FINAL
from ichdag.figures.pictures import Picture, draw_slice, tiles_of, upright
from ichdag.figures.segmentation import VARIANT_STYLES
from ichdag.figures.style import BLUE, GRAY, GREEN, VERMILION, draw_message, set_size

VAEGAN = "vaegan"
DISCRIMINATOR_TERMS = {
    "discriminator_right": ("Right judgments", GREEN, "-"),
    "discriminator_plays": ("Steps played", GRAY, ":"),
}
ERROR_TERMS = {"reconstruction": ("Reconstruction", BLUE, "-"), "similarity": ("Similarity", VERMILION, "--")}


def draw_learning_curves(table: pd.DataFrame, figure: Figure) -> None:
    """Draw loss and Dice of each network by epoch (final network bold), and errors and discriminator of the VAE-GAN."""
    if table.empty:
        return draw_message(figure, "No training was recorded.")
    set_size(figure, height_mm=105)
    axes = figure.subplots(2, 2).flat
    for axis, (term, words) in zip(axes, {"loss": "Loss (Dice + cross-entropy)", "dice": "Dice"}.items(), strict=False):
        _networks(axis, table[(table["term"] == term) & (table["model"] != VAEGAN)])
        axis.set(title=f"Segmentation: {words.split(' (')[0]}", ylabel=words, xlabel="Epoch")
    axes = figure.axes
    axes[1].set_ylim(0, 1)
    axes[0].legend()
    latent = table[table["model"] == VAEGAN]
    _terms(axes[2], latent, ERROR_TERMS)
    axes[2].set(title="VAE-GAN: errors", ylabel="Mean error", xlabel="Epoch", ylim=(0, None))
    _terms(axes[3], latent, DISCRIMINATOR_TERMS)
    axes[3].axhline(0.5, color=GRAY, linewidth=0.6)
    axes[3].set(title="VAE-GAN: discriminator", ylabel="Part", xlabel="Epoch", ylim=(0, 1.02))


def _networks(axis: Axes, table: pd.DataFrame) -> None:
    """Draw a line per network in the color of its variant; the final network is bold and named in the legend."""
    for model, rows in table.groupby("model", sort=True):
        variant, _, fold = model.partition("_")
        color, _, words = VARIANT_STYLES[variant]
        if fold == FINAL:
            axis.plot(rows["epoch"], rows["value"], color=color, label=words, linewidth=1.6, alpha=1)
        else:
            axis.plot(rows["epoch"], rows["value"], color=color, linewidth=0.6, alpha=0.55)


def _terms(axis: Axes, table: pd.DataFrame, styles: dict[str, tuple[str, str, str]]) -> None:
    """Draw a line per term, each with its own line style."""
    for term, (words, color, style) in styles.items():
        rows = table[table["term"] == term]
        axis.plot(rows["epoch"], rows["value"], color=color, linestyle=style, label=words)
    axis.legend()


def sample_pictures(store: dict[str, np.ndarray]) -> list[Picture]:
    """Take axial mid-slices of sampled patches (P, P, P), named sample/0 ... and interpolation/0 ..."""
    pictures = []
    for name in sorted(store, key=lambda name: (name.split("/")[0], int(name.split("/")[1]))):
        kind, _, position = name.partition("/")
        middle = store[name].shape[2] // 2
        record = {"subject": "nobody", "role": None, "picture": kind, "slice": middle, "score": float(position)}
        record["meaning"] = "place in the row, from 0"
        pictures.append(Picture(record, upright(store[name][:, :, middle]), (0, 1)))
    return pictures


def draw_samples(pictures: list[Picture], figure: Figure) -> None:
    """Draw samples from the prior above, interpolations between the latents of two patients below."""
    if not pictures:
        return draw_message(figure, "No patches: there is nothing to imagine.")
    rows = {
        name: [picture for picture in pictures if picture.record["picture"] == name]
        for name in ("sample", "interpolation")
    }
    axes = tiles_of(figure, rows=2, columns=max(map(len, rows.values())))
    for tiles, (name, row_pictures) in zip(axes, rows.items(), strict=True):
        tiles[0].set_ylabel("Samples" if name == "sample" else "Interpolation")
        for tile, picture in zip(tiles, row_pictures, strict=False):
            draw_slice(picture, tile)
