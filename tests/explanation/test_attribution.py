"""SHAP values: they add up to what the model says, and credit the columns that carry the signal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ichdag.classification import ClassificationSettings
from ichdag.classification.classifiers import ClassifierConfig, fit
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows, shap_values
from ichdag.explanation.schemas import SHAP
from ichdag.explanation.shares import block_of, block_shares, empty_shares
from ichdag.jobs import StudyError
from ichdag.tables import read_table, write_table

SETTINGS = ExplanationSettings(
    features="radiomics+segmentation+vaegan",
    patients=645,
    background=20,
    evaluations=40,
    bootstrap=200,
    confidence=0.95,
    permutations=2,
)
CLASSIFICATION = ClassificationSettings(
    tuning="none",
    tuning_folds=5,
    calibration_folds=5,
    threshold_folds=2,
    class_weights="none",
    classifiers={
        "random_forest": {"n_estimators": 20},
        "xgboost": {"n_estimators": 20, "eval_metric": "logloss"},
        "naive_bayes": {},
        "extra_trees": {"n_estimators": 20},
        "elastic_net": {"l1_ratio": 0.5, "solver": "saga", "max_iter": 1000},
        "svm": {"kernel": "rbf"},
    },
    grid={},
)


@pytest.fixture(scope="module")
def rows():
    """Sixty participants, six columns; the first radiomics column carries the label."""
    random = np.random.default_rng(2)
    names = [f"{block}_00{place}" for block in FEATURE_SETS[SETTINGS.features] for place in (0, 1)]
    return pd.DataFrame(random.gamma(1, 1, (60, 6)), columns=names)


@pytest.fixture(scope="module")
def labels(rows):
    return (rows.radiomics_000 + np.random.default_rng(3).normal(0, 0.3, 60) > 0.8).astype(int)


@pytest.fixture(scope="module", params=CLASSIFIERS)
def explained(request, rows, labels):
    """One classifier, its name and the SHAP values of ten participants."""
    model = fit(
        ClassifierConfig(request.param, CLASSIFICATION, seed=0, threads=1),
        X=rows,
        y=labels,
        persons=labels.index.to_series(),
    )
    names = {"classifier": request.param, "X": rows[:10], "background": rows[20:40]}
    return request.param, model, shap_values(model, **names, settings=SETTINGS, seed=0)


def test_shap_values_add_up_to_the_output_less_the_base(explained):
    _, _, explanation = explained
    assert np.allclose(explanation.values.sum(axis=1) + explanation.base_value, explanation.output, atol=1e-4)


def test_the_base_is_the_mean_output_of_the_background(explained, rows):
    classifier, model, explanation = explained
    names = {"classifier": classifier, "X": rows[20:40], "background": rows[20:40]}
    assert shap_values(model, **names, settings=SETTINGS, seed=0).output.mean() == pytest.approx(
        explanation.base_value, abs=1e-4
    )


def test_the_output_is_the_model_s_own(explained, rows):
    classifier, model, explanation = explained
    probability = model.predict_proba(rows[:10])[:, 1]
    if classifier in ("xgboost", "naive_bayes", "elastic_net"):
        probability = np.log(probability / (1 - probability))
    if classifier == "svm":
        assert np.array_equal(np.argsort(probability), np.argsort(explanation.output))
    else:
        assert np.allclose(explanation.output, probability, atol=1e-4)


def test_the_column_that_carries_the_label_is_credited_most(explained):
    assert np.abs(explained[2].values).sum(axis=0).argmax() == 0


def test_a_column_that_equals_the_background_everywhere_gets_nothing(explained, rows):
    classifier, model, _ = explained
    flat = rows.assign(vaegan_001=0.7)
    explanation = shap_values(
        model, classifier=classifier, X=flat[:5], background=flat[20:40], settings=SETTINGS, seed=0
    )
    assert np.allclose(explanation.values[:, 5], 0, atol=1e-9)


def test_sampled_values_of_two_columns_are_exact(rows, labels):
    pair = rows[["radiomics_000", "vaegan_000"]]
    model = fit(
        ClassifierConfig("svm", CLASSIFICATION, seed=0, threads=1), X=pair, y=labels, persons=labels.index.to_series()
    )
    explanation = shap_values(model, classifier="svm", X=pair[:1], background=pair[20:40], settings=SETTINGS, seed=0)

    def mean_score(**replaced):
        scaled = model[:-1].transform(pair[20:40].assign(**replaced))
        return model[-1].calibrated_classifiers_[0].estimator.decision_function(scaled).mean()

    radiomics, vaegan = pair.iloc[0]
    none, first, second = mean_score(), mean_score(radiomics_000=radiomics), mean_score(vaegan_000=vaegan)
    both = mean_score(radiomics_000=radiomics, vaegan_000=vaegan)
    assert np.allclose(explanation.values, [[(first - none + both - second) / 2, (second - none + both - first) / 2]])


def test_too_few_evaluations_are_refused_with_what_to_set(rows, labels):
    model = fit(
        ClassifierConfig("svm", CLASSIFICATION, seed=0, threads=1), X=rows, y=labels, persons=labels.index.to_series()
    )
    with pytest.raises(StudyError, match="set config explanation.evaluations to 12 or more"):
        names = {"classifier": "svm", "X": rows[:2], "background": rows[20:40]}
        shap_values(model, **names, settings=replace(SETTINGS, evaluations=11), seed=0)


def test_a_sample_of_rows_is_the_same_for_the_same_seed(rows):
    first, second = (sample_rows(rows, count=12, seed=4) for _ in range(2))
    assert len(first) == 12 and first.equals(second) and first.index.is_monotonic_increasing
    assert sample_rows(rows, count=100, seed=4).equals(rows)


def test_shares_are_the_blocks_parts_of_all_absolute_values():
    values = np.array([[1.0, -2.0, 3.0], [3.0, 2.0, -1.0]])
    table = block_shares(values, columns=["radiomics_0", "radiomics_1", "a_shape_b"], settings=SETTINGS, seed=0)
    assert table.block.tolist() == ["radiomics", "shape"]
    assert table.importance.tolist() == [4.0, 2.0]
    assert table.share.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table.low.tolist() == pytest.approx([0.5, 1 / 6]) and table.high.tolist() == pytest.approx([5 / 6, 0.5])


def test_a_model_that_nothing_moves_has_no_shares(tmp_path):
    table = block_shares(np.zeros((4, 2)), columns=["radiomics_000", "vaegan_000"], settings=SETTINGS, seed=0)
    unknown = dict.fromkeys(("auc", "auc_lost", "auc_lost_low", "auc_lost_high"), np.nan) | {"scored": 0}
    names = {"outcome": "poor_outcome", "classifier": "elastic_net"}
    write_table(table.assign(**names, **unknown), tmp_path / "shap.tsv", SHAP)
    assert read_table(tmp_path / "shap.tsv", SHAP).share.isna().all()


def test_where_nobody_external_could_be_explained_the_table_is_empty(tmp_path):
    write_table(empty_shares(), tmp_path / "shap.tsv", SHAP)
    assert read_table(tmp_path / "shap.tsv", SHAP).empty


def test_the_columns_of_a_design_tell_their_block():
    columns = ["radiomics_000", "segmentation_012", "vaegan_003", "original_shape_Sphericity"]
    assert [block_of(column) for column in columns] == ["radiomics", "segmentation", "vaegan", "shape"]
