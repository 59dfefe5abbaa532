"""Inflate the variance of a cross-validated AUC, because the models of the folds share training participants.

DeLong's variance takes predictions as given. But what a fit learned by chance from participant j changes the
prediction of participant i, and what another fit learned from i changes that of j, by the same amount in the same
direction. Such pairs count twice, so that the part of the variance that is due to chance in training must be doubled.
Without a signal this part is the whole variance: the factor is 2. With a signal most of the variance is sampling of
the evaluated participants.

A single cross-validation cannot separate the two parts, with one prediction per participant. Repeats can: two fits
that share the fraction w of their training parts share the fraction w of what they learned by chance, so that a
participant's predictions differ between repeats by the rest.
"""

from itertools import combinations

import numpy as np

from ichdag.evaluation.delong import MIN_VARIANCE, estimate_aucs

MIN_FRACTION_NOT_SHARED = 0.01


def of_single_cv(folds: np.ndarray) -> float:
    """Compute the factor of a single cross-validation: 1 + K n_test / n_train, 2.25 for five folds.

    `folds` has the fold of each participant (n,). ASSUME: the factor of Nadeau and Bengio 2003 (doi
    10.1023/A:1024068626366) as an upper bound: about right without a signal, too wide with one (`make
    simulate-intervals`).
    """
    sizes = np.unique(folds, return_counts=True)[1]
    if len(sizes) < 2:
        return 1.0
    return 1 + len(sizes) * float(np.mean(sizes / (len(folds) - sizes)))


def of_repeated_cv(y_true: np.ndarray, *, scores: np.ndarray, folds: np.ndarray) -> float:
    """Estimate the factor of an AUC from R repeats: `y_true` (n,), `scores` and `folds` (R, n).

    It applies to DeLong's variance of the mean scores. If it cannot be estimated, it is that of one repeat.
    """
    fraction = _training_fraction(estimate_aucs(y_true, scores=scores).covariance, folds)
    return of_single_cv(folds[0]) if fraction is None else _factor(fraction, fit_fraction=fraction, folds=folds)


def of_difference(y_true: np.ndarray, *, first: np.ndarray, second: np.ndarray, folds: np.ndarray) -> float:
    """Estimate the factor of a difference of AUCs, from scores `first` and `second` and `folds`, all (R, n)."""
    repeats = len(folds)
    covariance = estimate_aucs(y_true, scores=np.concatenate([first, second])).covariance
    contrast = np.concatenate([np.eye(repeats), -np.eye(repeats)], axis=1)
    fraction = _training_fraction(contrast @ covariance @ contrast.T, folds)
    fit_fractions = [
        _training_fraction(block, folds) for block in (covariance[:repeats, :repeats], covariance[repeats:, repeats:])
    ]
    defined = [fit_fraction for fit_fraction in fit_fractions if fit_fraction is not None]
    if fraction is None or not defined:
        return of_single_cv(folds[0])
    return _factor(fraction, fit_fraction=float(np.mean(defined)), folds=folds)


def shared_training_fraction(folds: np.ndarray) -> float:
    """Compute the fraction of training participants that the fits of two repeats share.

    `folds` (R, n); the mean over participants and pairs of repeats, 1 - 1/K for K folds drawn independently.
    """
    count = folds.shape[1]
    fractions = []
    for first, second in combinations([np.unique(row, return_inverse=True)[1] for row in folds], 2):
        joint_counts = np.zeros((first.max() + 1, second.max() + 1))
        np.add.at(joint_counts, (first, second), 1)
        first_training, second_training = (count - joint_counts.sum(axis=axis) for axis in (1, 0))
        shared_counts = first_training[:, None] + second_training - count + joint_counts
        fractions.append(
            (joint_counts * shared_counts / np.sqrt(first_training[:, None] * second_training)).sum() / count
        )
    return float(np.mean(fractions))


def _training_fraction(covariance: np.ndarray, folds: np.ndarray) -> float | None:
    """Estimate the fraction of a variance that is due to chance in training, in [0, 1], from covariances (R, R).

    None if repeats do not differ in their folds or there is no variance. ASSUME: repeats differ only by what was
    learned from participants who are not shared. For a learner with randomness of its own (a forest) the fraction is
    overestimated, and its limits are wider than necessary.
    """
    repeats = len(covariance)
    not_shared = 1 - shared_training_fraction(folds) if repeats > 1 else 0.0
    within = np.trace(covariance) / repeats
    if not within > MIN_VARIANCE or not_shared < MIN_FRACTION_NOT_SHARED:
        return None
    between = (covariance.sum() - np.trace(covariance)) / (repeats * (repeats - 1))
    return float(np.clip((1 - between / within) / not_shared, 0, 1))


def _factor(fraction: float, *, fit_fraction: float, folds: np.ndarray) -> float:
    """Compute the factor, from 1 to that of one repeat, from the training fractions of the statistic and of its fits.

    Derived for linear discriminants of normal features: (1 - f)(1 + g)^2 + 2 f (1 - c (1 - g))^2 with f = `fraction`,
    g = `fit_fraction` and c = (K - 2) / (2 K - 2), since the same participants train and evaluate, and chance in
    training also makes scores wider. Both fractions are those that remain after averaging the scores of all repeats.
    """
    repeats = len(folds)
    count = len(np.unique(folds[0]))
    kept_fraction = 1 - (1 - shared_training_fraction(folds)) * (1 - 1 / repeats)
    fraction, fit_fraction = (
        single * kept_fraction / (1 - single * (1 - kept_fraction)) for single in (fraction, fit_fraction)
    )
    widened = (count - 2) / (2 * count - 2)
    factor = (1 - fraction) * (1 + fit_fraction) ** 2 + 2 * fraction * (1 - widened * (1 - fit_fraction)) ** 2
    return float(np.clip(factor, 1, of_single_cv(folds[0])))
