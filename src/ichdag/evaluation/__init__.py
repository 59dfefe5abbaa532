"""Evaluation: measure how good the predictions are, with intervals, from the predictions table alone."""

from ichdag.evaluation.best_model import best_models
from ichdag.evaluation.correction import correct_best
from ichdag.evaluation.curves import measure_calibration, measure_net_benefit
from ichdag.evaluation.evaluation_settings import EvaluationSettings
from ichdag.evaluation.performance import measure_performance

__all__ = [
    "EvaluationSettings",
    "best_models",
    "correct_best",
    "measure_calibration",
    "measure_net_benefit",
    "measure_performance",
]
