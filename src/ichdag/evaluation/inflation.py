"""What the variance of a cross-validated AUC is multiplied by, since the fits of the folds share participants.

DeLong's variance takes predictions as given. They are not: what a fit learned from participant j by chance moves the
prediction of participant i, and what another fit learned from i moves that of j, by the same amount and to the same
side. Such pairs count twice, so that the part of the variance that is due to chance in training has to be doubled.
Without a signal that is all of it: the factor is 2. With a signal most of it is sampling of the participants judged.

A single cross-validation cannot tell the two parts from each other: both look alike in one prediction a participant.
Repeats can: two fits that share the fraction w of their training parts share the fraction w of what they learned by
chance, so that a participant's predictions differ between repeats by the rest.
"""

from itertools import combinations

import numpy as np

from ichdag.evaluation.delong import NO_VARIANCE, areas

SMALLEST_PART_NOT_SHARED = 0.01


def of_one(folds: np.ndarray) -> float:
    """The factor of a single cross-validation: 1 + K n_test / n_train, 2.25 for five folds.

    The fold of each participant (n,) is given. ASSUME: the factor of Nadeau and Bengio 2003 (doi
    10.1023/A:1024068626366) as an upper bound: about right without a signal, too wide with one (`make
    simulate-intervals`).
    """
    sizes = np.unique(folds, return_counts=True)[1]
    if len(sizes) < 2:
        return 1.0
    return 1 + len(sizes) * float(np.mean(sizes / (len(folds) - sizes)))


def of_repeats(happened: np.ndarray, *, scores: np.ndarray, folds: np.ndarray) -> float:
    """The factor for an AUC, estimated from R repeats: `happened` (n,), `scores` and `folds` (R, n).

    It applies to DeLong's variance of the mean scores. Where it cannot be estimated it is that of one repeat.
    """
    part = _part_by_chance(areas(happened, scores=scores).covariance, folds)
    return of_one(folds[0]) if part is None else _factor(part, of_fits=part, folds=folds)


def of_difference(happened: np.ndarray, *, first: np.ndarray, second: np.ndarray, folds: np.ndarray) -> float:
    """The factor for the AUC of `first` minus that of `second`, scores and `folds` (R, n) of the same participants."""
    repeats = len(folds)
    covariance = areas(happened, scores=np.concatenate([first, second])).covariance
    contrast = np.concatenate([np.eye(repeats), -np.eye(repeats)], axis=1)
    part = _part_by_chance(contrast @ covariance @ contrast.T, folds)
    fits = [_part_by_chance(block, folds) for block in (covariance[:repeats, :repeats], covariance[repeats:, repeats:])]
    known = [one for one in fits if one is not None]
    if part is None or not known:
        return of_one(folds[0])
    return _factor(part, of_fits=float(np.mean(known)), folds=folds)


def shared_training(folds: np.ndarray) -> float:
    """The fraction of its training part that the fit of one participant shares with that of another repeat.

    `folds` (R, n); the mean over participants and pairs of repeats, 1 - 1/K for K folds drawn independently.
    """
    count = folds.shape[1]
    fractions = []
    for one, other in combinations([np.unique(row, return_inverse=True)[1] for row in folds], 2):
        both = np.zeros((one.max() + 1, other.max() + 1))
        np.add.at(both, (one, other), 1)
        left, right = (count - both.sum(axis=axis) for axis in (1, 0))
        shared = left[:, None] + right - count + both
        fractions.append((both * shared / np.sqrt(left[:, None] * right)).sum() / count)
    return float(np.mean(fractions))


def _part_by_chance(covariance: np.ndarray, folds: np.ndarray) -> float | None:
    """The part of a variance that is due to chance in training, within [0, 1], from the covariance (R, R) of repeats.

    None where repeats do not differ in their folds or there is no variance. ASSUME: all that differs between repeats is
    what was learned from participants who are not shared. A learner that draws at random itself (a forest) has less of
    it than this says, and wider limits than it needs.
    """
    repeats = len(covariance)
    apart = 1 - shared_training(folds) if repeats > 1 else 0.0
    own = np.trace(covariance) / repeats
    if not own > NO_VARIANCE or apart < SMALLEST_PART_NOT_SHARED:
        return None
    between = (covariance.sum() - np.trace(covariance)) / (repeats * (repeats - 1))
    return float(np.clip((1 - between / own) / apart, 0, 1))


def _factor(part: float, *, of_fits: float, folds: np.ndarray) -> float:
    """The factor from the part by chance of a statistic and that of the fits behind it, from 1 to that of one repeat.

    Derived for linear discriminants of normal features, where it is (1 - part)(1 + fits)^2 + 2 part (1 - c (1 -
    fits))^2 with c = (K - 2) / (2 K - 2): the same participants are learned from and judged, and what is learned by
    chance makes scores wider, too. Parts are those that are left when the scores of all repeats are averaged.
    """
    repeats, count = len(folds), len(np.unique(folds[0]))
    kept = 1 - (1 - shared_training(folds)) * (1 - 1 / repeats)
    part, fits = (one * kept / (1 - one * (1 - kept)) for one in (part, of_fits))
    widened = (count - 2) / (2 * count - 2)
    factor = (1 - part) * (1 + fits) ** 2 + 2 * part * (1 - widened * (1 - fits)) ** 2
    return float(np.clip(factor, 1, of_one(folds[0])))
