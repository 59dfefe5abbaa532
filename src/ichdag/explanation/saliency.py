"""3D Grad-CAM on the fine bottleneck of the segmentation encoder: where a linear score of its latents comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ichdag.features.reducer import Reducer
from ichdag.jobs import StudyError


@dataclass(frozen=True)
class Bottleneck:
    """Shape of the latents: fine (channels, edge, edge, edge), then coarse with half the edge, flattened in C order."""

    channels: int
    edge: int

    @property
    def fine(self) -> int:
        """Number of fine latents."""
        return self.channels * self.edge**3

    @property
    def all(self) -> int:
        """Number of fine and coarse latents."""
        return self.fine + self.channels * (self.edge // 2) ** 3


def highest_scores(pipeline: Pipeline, *, design: pd.DataFrame, count: int) -> list[str]:
    """The participants whose linear score is highest, highest first: there is most to see where the risk was seen."""
    if design.empty:
        return []
    scores = pd.Series(pipeline.decision_function(design), index=design.index)
    return scores.sort_values(ascending=False, kind="stable").index[:count].tolist()


def grad_cam(latents: np.ndarray, *, reducer: Reducer, pipeline: Pipeline, shape: Bottleneck) -> np.ndarray:
    """The Grad-CAM map (edge, edge, edge), zero or more, of one participant's flat latents for a linear classifier.

    ReLU of the sum over channels of the channel's mean gradient times its activation (Selvaraju et al. 2017). The
    classifier is linear in the NMF weights; the gradient of the weights with respect to the latents is that of the
    least squares on the participant's active parts, zero for latents clipped to the training range.
    Raises StudyError if the latents have another size.
    """
    if latents.size != shape.all:
        raise StudyError(
            f"{latents.size} segmentation latents, but {shape.channels} channels on {shape.edge}^3 and "
            f"{shape.edge // 2}^3 are {shape.all}: config segmentation or preprocessing changed since latent ran"
        )
    gradient = score_gradient(latents.ravel(), reducer=reducer, pipeline=pipeline)
    fine = (shape.channels, shape.edge, shape.edge, shape.edge)
    weights = gradient[: shape.fine].reshape(fine).mean(axis=(1, 2, 3))
    activation = latents.ravel()[: shape.fine].reshape(fine).astype(np.float64)
    return np.maximum(np.tensordot(weights, activation, axes=1), 0).astype(np.float32)


def score_gradient(latents: np.ndarray, *, reducer: Reducer, pipeline: Pipeline) -> np.ndarray:
    """Gradient (p,) of the linear score (log-odds) with respect to each latent of one participant."""
    slope = pipeline["classify"].coef_[0] / pipeline["scale"].scale_
    active = reducer.transform(latents[None])[0] > 0
    parts = reducer.components_[active].astype(np.float64)
    inside = (latents[reducer.kept_] > reducer.low_) & (latents[reducer.kept_] < reducer.high_)
    by_scaled = np.linalg.pinv(parts @ parts.T) @ slope[active] @ parts
    gradient = np.zeros(latents.size)
    gradient[reducer.kept_] = by_scaled * inside / (reducer.high_ - reducer.low_)
    return gradient
