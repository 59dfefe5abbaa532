"""Proportions and their score intervals."""

import numpy as np
from scipy.special import ndtri


def normal_quantile(confidence: float) -> float:
    """How many standard errors an interval of this confidence reaches to each side; 1.96 for 0.95."""
    return float(ndtri((1 + confidence) / 2))


def wilson(count: np.ndarray, total: np.ndarray, *, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a proportion count / total (Wilson 1927), elementwise; NaN where total is zero."""
    z = normal_quantile(confidence)
    total = np.where(np.asarray(total) > 0, total, np.nan)
    share = count / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    reach = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return np.clip(middle - reach, 0, 1), np.clip(middle + reach, 0, 1)
