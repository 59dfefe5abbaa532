"""Compute score intervals of proportions."""

import numpy as np
from scipy.special import ndtri


def normal_quantile(confidence: float) -> float:
    """Compute the half-width of a normal interval in standard errors; 1.96 for a confidence of 0.95."""
    return float(ndtri((1 + confidence) / 2))


def wilson(count: np.ndarray, total: np.ndarray, *, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Compute the limits of a proportion count / total (Wilson 1927), elementwise; NaN if total is zero."""
    z = normal_quantile(confidence)
    total = np.where(np.asarray(total) > 0, total, np.nan)
    proportion = count / total
    center = (proportion + z**2 / (2 * total)) / (1 + z**2 / total)
    half_width = z / (1 + z**2 / total) * np.sqrt(proportion * (1 - proportion) / total + z**2 / (4 * total**2))
    return np.clip(center - half_width, 0, 1), np.clip(center + half_width, 0, 1)
