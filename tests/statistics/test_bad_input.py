"""Bad input to evaluation and statistics: no number is missing without a reason beside it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from ichdag import evaluation, statistics
from ichdag.constants import CLASSIFIERS
from ichdag.report.dictionary import SCHEMAS
from ichdag.tables import read_table, write_table

EVALUATION = evaluation.EvaluationSettings(confidence=0.95, bootstrap=50, min_probability=0.001)


def sound():
    """Three feature sets by six classifiers, 50 development and 30 external participants, two outcomes."""
    random = np.random.default_rng(4)
    subjects = [f"D{number:02d}" for number in range(50)] + [f"E{number:02d}" for number in range(30)]
    rows = {"subject": subjects, "cohort": ["trial"] * 50 + ["registry"] * 30}
    rows["fold"] = [str(number // 2 % 5) for number in range(50)] + ["external"] * 30
    rows["y_true"] = [number % 2 for number in range(80)]
    models = [(features, name) for features in ("radiomics", "shape", "vaegan") for name in CLASSIFIERS]
    return pd.concat(
        [
            pd.DataFrame(rows | {"outcome": outcome, "features": features, "classifier": classifier}).assign(
                probability=random.random(80).round(2)
            )
            for outcome in ("poor_outcome", "expansion_3ml")
            for features, classifier in [*models, ("volume", "logistic")]
        ],
        ignore_index=True,
    )


def five_positives(table):
    return table.assign(y_true=(table.subject.str[1:].astype(int) % 10 == 0).astype(int))


def a_fold_without_positives(table):
    return table.assign(y_true=table.y_true.where(table.fold != "2", 0))


def one_probability_for_everybody(table):
    return table.assign(probability=0.3)


def perfect(table):
    return table.assign(probability=table.y_true * 1.0)


def no_external_outcome(table):
    return table[(table.fold != "external") | (table.outcome != "expansion_3ml")]


def no_external_cohort(table):
    return table[table.fold != "external"]


def one_class_outside(table):
    return table.assign(y_true=table.y_true.where(table.fold != "external", 1))


CASES = [sound, five_positives, a_fold_without_positives, one_probability_for_everybody, perfect]
CASES += [no_external_outcome, no_external_cohort, one_class_outside]
# Of each table, the number that must not be missing without a note.
NUMBERS = {"metrics": "value", "shapiro": "p", "friedman": "p", "wilcoxon": "p", "delong": "p", "nadeau_bengio": "p"}
NUMBERS |= {"best": "corrected", "sex": "p", "table1": "p"}


def tables_of(predictions):
    subjects = predictions[["subject", "cohort"]].drop_duplicates().reset_index(drop=True)
    sexes = [("F", "M", None)[number % 3] for number in range(len(subjects))]
    people = subjects.assign(status="included", age=60.0, sex=sexes)
    people["role"] = np.where(people.subject.str.startswith("E"), "external", "development")
    people["poor_outcome"] = pd.array([0] * len(people), dtype="Int64")
    people.loc[3, "age"] = np.nan
    metrics = evaluation.measure_performance(predictions, settings=EVALUATION, seed=1)
    judged = {"predictions": predictions, "alpha": 0.05, "bootstrap": 50, "seed": 1}
    yield "metrics", metrics
    yield "best", evaluation.correct_best(predictions, confidence=0.95, bootstrap=50, seed=1)
    yield "calibration", evaluation.measure_calibration(predictions, calibration_bins=10, confidence=0.95)
    yield "decision", evaluation.measure_net_benefit(predictions, decision_thresholds=[0.1, 0.9, 0.1])
    yield "shapiro", statistics.check_normality(metrics, alpha=0.05)
    yield "friedman", statistics.compare_feature_sets(metrics, **judged)
    yield "wilcoxon", statistics.compare_pairs(metrics, **judged)
    yield "delong", statistics.compare_patients(predictions, alpha=0.05, reference="radiomics", bootstrap=50, seed=1)
    yield "nadeau_bengio", statistics.compare_folds(metrics, alpha=0.05, reference="radiomics")
    yield "sex", statistics.compare_sexes(predictions, participants=people, alpha=0.05, min_probability=0.001)
    yield (
        "table1",
        statistics.describe_cohorts(people, outcomes=["poor_outcome"], numbers=["age", "nihss"], categories=["sex"]),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_no_number_is_missing_without_a_reason_in_any_table(case, tmp_path):
    predictions = case() if case is sound else case(sound())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = dict(tables_of(predictions))
    for name, frame in result.items():
        write_table(frame, tmp_path / f"{name}.tsv", SCHEMAS[name])
        table = read_table(tmp_path / f"{name}.tsv", SCHEMAS[name])
        numbers = table.select_dtypes("number").to_numpy(dtype=float)
        assert not np.isinf(numbers).any(), name
        if name in NUMBERS:
            silent = table[table[NUMBERS[name]].isna() & table.note.isna()]
            assert silent.empty, f"{name}:\n{silent.head(3).to_string()}"
