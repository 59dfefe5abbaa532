"""3D Grad-CAM on the fine bottleneck of the segmentation encoder: the regions that raise a linear score of latents."""

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
        """Return the number of fine latents."""
        return self.channels * self.edge**3

    @property
    def total(self) -> int:
        """Return the number of fine and coarse latents."""
        return self.fine + self.channels * (self.edge // 2) ** 3


def highest_scores(pipeline: Pipeline, *, X: pd.DataFrame, count: int) -> list[str]:
    """Return the participants with the highest linear scores, highest first."""
    if X.empty:
        return []
    scores = pd.Series(pipeline.decision_function(X), index=X.index)
    return scores.sort_values(ascending=False, kind="stable").index[:count].tolist()


def grad_cam(latents: np.ndarray, *, reducer: Reducer, pipeline: Pipeline, shape: Bottleneck) -> np.ndarray:
    """Return the Grad-CAM map (edge, edge, edge), >= 0, of the flat latents of a participant for a linear classifier.

    It is the ReLU of the sum over channels of mean gradient times activation (Selvaraju et al. 2017). The classifier is
    linear in the NMF weights; the gradient of the weights with respect to the latents is that of the least-squares
    solution on the active components of the participant, and zero for latents clipped to the training range.
    Raises StudyError if the latents have another size.
    """
    if latents.size != shape.total:
        raise StudyError(
            f"{latents.size} segmentation latents, but {shape.channels} channels on {shape.edge}^3 and "
            f"{shape.edge // 2}^3 are {shape.total}: config segmentation or preprocessing changed since latent ran"
        )
    gradient = score_gradient(latents.ravel(), reducer=reducer, pipeline=pipeline)
    fine = (shape.channels, shape.edge, shape.edge, shape.edge)
    weights = gradient[: shape.fine].reshape(fine).mean(axis=(1, 2, 3))
    activation = latents.ravel()[: shape.fine].reshape(fine).astype(np.float64)
    return np.maximum(np.tensordot(weights, activation, axes=1), 0).astype(np.float32)


def score_gradient(latents: np.ndarray, *, reducer: Reducer, pipeline: Pipeline) -> np.ndarray:
    """Return the gradient (p,) of the linear score (log-odds) with respect to each latent of one participant."""
    coefficients = pipeline["classify"].coef_[0] / pipeline["scale"].scale_
    active = reducer.transform(latents[None])[0] > 0
    components = reducer.components_[active].astype(np.float64)
    within_range = (latents[reducer.kept_] > reducer.low_) & (latents[reducer.kept_] < reducer.high_)
    scaled_gradient = np.linalg.pinv(components @ components.T) @ coefficients[active] @ components
    gradient = np.zeros(latents.size)
    gradient[reducer.kept_] = scaled_gradient * within_range / (reducer.high_ - reducer.low_)
    return gradient
