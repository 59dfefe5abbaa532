"""How the trainings went: learning curves of every network, and what the VAE-GAN imagines."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ichdag.figures.pictures import Picture, show, tiles_of, upright
from ichdag.figures.segmentation import LOOKS
from ichdag.figures.style import BLUE, GREEN, QUIET, VERMILION, say_nothing, size

VAEGAN = "vaegan"
GAME = {"discriminator_right": ("Right judgments", GREEN, "-"), "discriminator_plays": ("Steps played", QUIET, ":")}
ERRORS = {"reconstruction": ("Reconstruction", BLUE, "-"), "similarity": ("Similarity", VERMILION, "--")}


def draw_learning_curves(table: pd.DataFrame, figure: Figure) -> None:
    """Loss and Dice of each network by epoch (final network bold), and the VAE-GAN's errors and its game."""
    if table.empty:
        return say_nothing(figure, "No training was recorded.")
    size(figure, height_mm=105)
    axes = figure.subplots(2, 2).flat
    for axis, (term, words) in zip(axes, {"loss": "Loss (Dice + cross-entropy)", "dice": "Dice"}.items(), strict=False):
        _networks(axis, table[(table["term"] == term) & (table["model"] != VAEGAN)])
        axis.set(title=f"Segmentation: {words.split(' (')[0]}", ylabel=words, xlabel="Epoch")
    axes = figure.axes
    axes[1].set_ylim(0, 1)
    axes[0].legend()
    latent = table[table["model"] == VAEGAN]
    _terms(axes[2], latent, ERRORS)
    axes[2].set(title="VAE-GAN: errors", ylabel="Mean error", xlabel="Epoch", ylim=(0, None))
    _terms(axes[3], latent, GAME)
    axes[3].axhline(0.5, color=QUIET, linewidth=0.6)
    axes[3].set(title="VAE-GAN: discriminator", ylabel="Part", xlabel="Epoch", ylim=(0, 1.02))


def _networks(axis: Axes, table: pd.DataFrame) -> None:
    """One line a network, in the color of its variant; the final network's is bold and named in the legend."""
    for model, rows in table.groupby("model", sort=True):
        variant, _, fold = model.partition("_")
        color, _, words = LOOKS[variant]
        final = fold == "final"
        looks = {"linewidth": 1.6 if final else 0.6, "alpha": 1 if final else 0.55}
        axis.plot(rows["epoch"], rows["value"], color=color, label=words if final else None, **looks)


def _terms(axis: Axes, table: pd.DataFrame, looks: dict[str, tuple[str, str, str]]) -> None:
    """One line a term, each with its own line style."""
    for term, (words, color, style) in looks.items():
        rows = table[table["term"] == term]
        axis.plot(rows["epoch"], rows["value"], color=color, linestyle=style, label=words)
    axis.legend()


def imagined_pictures(store: dict[str, np.ndarray]) -> list[Picture]:
    """Axial mid-slices of imagined patches (P, P, P), named sample/0 ... and interpolation/0 ..."""
    pictures = []
    for name in sorted(store, key=lambda name: (name.split("/")[0], int(name.split("/")[1]))):
        kind, _, place = name.partition("/")
        cut = store[name].shape[2] // 2
        record = {"subject": "nobody", "role": None, "picture": kind, "slice": cut, "score": float(place)}
        record["meaning"] = "place in the row, from 0"
        pictures.append(Picture(record, upright(store[name][:, :, cut]), (0, 1)))
    return pictures


def draw_imagined(pictures: list[Picture], figure: Figure) -> None:
    """Samples from the prior above, the way from one patient's latents to another's below."""
    if not pictures:
        return say_nothing(figure, "No patches: there is nothing to imagine.")
    rows = {name: [one for one in pictures if one.record["picture"] == name] for name in ("sample", "interpolation")}
    axes = tiles_of(figure, rows=2, columns=max(map(len, rows.values())))
    for tiles, (name, shown) in zip(axes, rows.items(), strict=True):
        tiles[0].set_ylabel("Samples" if name == "sample" else "Interpolation")
        for tile, picture in zip(tiles, shown, strict=False):
            show(picture, tile)
