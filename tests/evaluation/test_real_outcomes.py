"""Real outcomes: NIHSS and age of stroke patients tell their modified Rankin scale, through the stages themselves."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from ichdag import evaluation, statistics
from ichdag.classification import ClassificationSettings, classifier_settings
from ichdag.classification.classifiers import LOGISTIC, ClassifierConfig
from ichdag.classification.feature_matrices import clinical_matrix
from ichdag.classification.label_tables import development_labels
from ichdag.classification.validation import cross_validate
from ichdag.provenance import settings_of
from ichdag.stratified_folds import draw_folds

ROOT = Path(__file__).parents[2]
SHEET = ROOT.parent / "shared/data/stroke_outcomes/participants.tsv"
OUTCOMES = {"mrs_above_2": 2, "mrs_above_3": 3}


@pytest.fixture(scope="module")
def config():
    return yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def cohort():
    """The patients whose modified Rankin scale is known."""
    if not SHEET.is_file():
        pytest.skip(f"no public stroke outcomes at {SHEET}: nothing real to test on")
    sheet = pd.read_csv(SHEET, sep="\t", na_values=["n/a"], keep_default_na=False, dtype={"age": str})
    grade = pd.to_numeric(sheet.gs_rankin_6isdeath)
    table = pd.DataFrame({"subject": sheet.participant_id.str.removeprefix("sub-"), "cohort": "stroke"})
    table = table.assign(status="included", age=sheet.age.str.removesuffix("+").astype(float), nihss=sheet.nihss)
    for name, limit in OUTCOMES.items():
        table[name] = (grade > limit).where(grade.notna()).astype("Int64")
    return table.assign(sex=sheet.sex)


@pytest.fixture(scope="module")
def predictions(cohort, config):
    fit_settings = ClassificationSettings(**classifier_settings(config["classification"], LOGISTIC))
    labels = cohort.melt("subject", list(OUTCOMES), "outcome", "label").astype({"label": "Int64"})
    empty = pd.DataFrame(columns=["subject", "outcome", "fold"])
    folds = draw_folds(labels, earlier=empty, persons={}, count=config["folds"], repeats=1, seed=config["seed"])
    X_by_fold = dict.fromkeys("01234", clinical_matrix(cohort, columns=["age", "nihss"]))
    classifier = ClassifierConfig(LOGISTIC, fit_settings, config["seed"], 1)
    tables = []
    for outcome in OUTCOMES:
        labels = development_labels(cohort, folds=folds, outcome=outcome, min_count=classifier.min_count)
        tables.append(
            cross_validate(X_by_fold, labels=labels, config=classifier, outcome=outcome, features="clinical")[0]
        )
    return pd.concat(tables, ignore_index=True)


def test_severity_and_age_tell_disability_out_of_fold_and_calibrated(predictions, config):
    how = settings_of(config, "evaluation", "confidence", "bootstrap", "min_probability")
    table = evaluation.measure_performance(predictions, settings=evaluation.EvaluationSettings(**how), seed=1)
    pooled = table[table.fold == "pooled"].set_index(["outcome", "metric"])
    for outcome in OUTCOMES:
        assert pooled.loc[(outcome, "auc"), "low"] > 0.65
        slope = pooled.loc[(outcome, "slope")]
        assert slope.low < 1 < slope.high
        large = pooled.loc[(outcome, "calibration_in_the_large")]
        assert large.low < 0 < large.high


def test_women_and_men_have_a_row_with_all_numbers(predictions, cohort):
    table = statistics.compare_sexes(predictions, participants=cohort, alpha=0.05, min_probability=0.001)
    assert table.p.notna().all() and table.p_interaction.notna().all()
    assert (table.n_women + table.n_men == cohort.mrs_above_2.notna().sum()).all()
