"""The AUC lost without a block: against scikit-learn, every order there is, DeLong, and what can be seen by eye."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn import inspection
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from ichdag.evaluation.delong import estimate_aucs, paired_difference
from ichdag.explanation import ExplanationSettings
from ichdag.explanation.attribution import sample_rows
from ichdag.explanation.contribution import explain_model
from ichdag.explanation.permutation import auc, permutation_importance


def settings(permutations=20, bootstrap=50):
    return ExplanationSettings("radiomics", 60, 20, 200, bootstrap, 0.95, permutations)


class Known:
    """A model whose probability is a known function of the design."""

    def __init__(self, score):
        self.score = score

    def predict_proba(self, rows):
        probability = np.asarray(self.score(rows), dtype=float)
        return np.column_stack([1 - probability, probability])


def people(count, *columns, seed=0):
    """Random columns of so many participants, and labels that follow the first one."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(random.normal(size=(count, len(columns))), columns=columns)
    rows.index = [f"s{number:03d}" for number in range(count)]
    labels = pd.Series((rows.iloc[:, 0] + random.normal(size=count) > 0).astype(int), index=rows.index)
    return rows, labels


def losses(model, rows, labels, **how):
    return permutation_importance({"": (model, rows)}, y_true=labels, settings=settings(**how), seed=1).set_index(
        "block"
    )


def test_the_auc_is_scikit_learn_s_ties_and_all():
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 40), random.integers(0, 6, (40, 9)) / 6
    assert auc(labels, scores) == pytest.approx([roc_auc_score(labels, column) for column in scores.T], abs=1e-12)


def test_blocks_of_one_column_lose_what_scikit_learn_says():
    rows, labels = people(80, "radiomics_000", "vaegan_000")
    model = make_pipeline(StandardScaler(), GaussianNB()).fit(rows, labels)
    table = losses(model, rows, labels, permutations=100)
    known = inspection.permutation_importance(model, rows, labels, scoring="roc_auc", n_repeats=100, random_state=5)
    error = 4 * known.importances_std * (2 / 100) ** 0.5
    assert (np.abs(table.auc_lost.to_numpy() - known.importances_mean) < error).all()
    assert table.auc.tolist() == pytest.approx([roc_auc_score(labels, model.predict_proba(rows)[:, 1])] * 2)


def test_the_mean_loss_is_that_over_every_order_there_is():
    rows, _ = people(5, "radiomics_000", "vaegan_000", seed=3)
    labels = pd.Series([0, 1, 0, 1, 1], index=rows.index)
    model = Known(lambda X: 1 / (1 + np.exp(-X.radiomics_000 - 0.5 * X.vaegan_000)))
    table = losses(model, rows, labels, permutations=2000)
    for column in rows:
        every = [
            roc_auc_score(labels, model.predict_proba(rows.assign(**{column: values}))[:, 1])
            for values in permutations(rows[column])
        ]
        unpermuted = roc_auc_score(labels, model.predict_proba(rows)[:, 1])
        expected, spread = unpermuted - np.mean(every), np.std(every)
        assert abs(table.auc_lost[column.removesuffix("_000")] - expected) < 4 * spread / 2000**0.5


def test_a_block_that_the_model_does_not_read_costs_nothing_and_the_one_it_reads_everything():
    rows, labels = people(400, "radiomics_000", "vaegan_000")
    table = losses(Known(lambda X: 1 / (1 + np.exp(-X.radiomics_000))), rows, labels, permutations=100)
    assert table.auc_lost["vaegan"] == 0 and table.loc["vaegan", ["auc_lost_low", "auc_lost_high"]].isna().all()
    assert table.note["vaegan"] == "no limits of the AUC lost: all resamples are equal" and pd.isna(
        table.note["radiomics"]
    )
    assert table.auc_lost["radiomics"] == pytest.approx(table.auc["radiomics"] - 0.5, abs=0.01)


def test_columns_of_a_block_are_exchanged_together_and_shape_columns_are_a_block():
    rows, labels = people(50, "original_shape_A", "original_shape_B", "vaegan_000")
    rows["original_shape_B"] = rows.original_shape_A
    table = losses(Known(lambda X: X.original_shape_A == X.original_shape_B), rows, labels)
    assert table.index.tolist() == ["shape", "vaegan"] and table.auc_lost.tolist() == [0, 0]


def test_nothing_is_exchanged_between_folds():
    rows, labels = people(40, "radiomics_000", "vaegan_000")
    model = Known(lambda X: X.radiomics_000)
    parts = {fold: (model, rows.iloc[int(fold) :: 2].assign(radiomics_000=int(fold))) for fold in "01"}
    table = permutation_importance(parts, y_true=labels, settings=settings(), seed=1)
    assert table.auc_lost.tolist() == [0, 0] and table.scored.tolist() == [40, 40]


def test_the_interval_is_as_wide_as_delong_s_for_the_same_pair_of_predictions():
    rows, labels = people(300, "radiomics_000", "vaegan_000")
    model = Known(lambda X: 1 / (1 + np.exp(-X.radiomics_000 - X.vaegan_000)))
    table = losses(model, rows, labels, permutations=1, bootstrap=2000).loc["vaegan"]
    order = np.random.default_rng(1)
    order.permutation(300)  # that of the block before
    changed = rows.assign(vaegan_000=rows.vaegan_000.to_numpy()[order.permutation(300)])
    pair = np.array([model.predict_proba(X)[:, 1] for X in (rows, changed)])
    known = paired_difference(estimate_aucs(labels.to_numpy(), scores=pair), first=0, second=1, confidence=0.95)
    assert table.auc_lost == pytest.approx(known.value)
    assert table.auc_lost_high - table.auc_lost_low == pytest.approx(known.high - known.low, rel=0.1)


def test_whoever_has_no_known_outcome_is_left_out_and_one_class_alone_has_no_auc():
    rows, labels = people(30, "radiomics_000", "vaegan_000")
    model = Known(lambda X: 1 / (1 + np.exp(-X.radiomics_000)))
    known = losses(model, rows, labels[:20])
    assert known.scored.tolist() == [20, 20]
    assert known.auc.iloc[0] == pytest.approx(roc_auc_score(labels[:20], rows.radiomics_000[:20]))
    for few in (labels[labels == 1], labels[:0]):
        alone = losses(model, rows, few)
        assert alone.index.tolist() == ["radiomics", "vaegan"] and alone.auc_lost.isna().all()
        assert alone.scored.tolist() == [len(few)] * 2 and set(alone.note) == {"no AUC: one class only"}


def test_a_block_of_pure_noise_has_a_large_share_and_loses_no_auc():
    """What the share alone would hide: an SVM shares its attention with sixty columns of noise."""
    random = np.random.default_rng(2)
    names = ["radiomics_000", "radiomics_001", *(f"vaegan_{number:03d}" for number in range(60))]
    rows = pd.DataFrame(random.normal(size=(260, 62)), columns=names, index=[f"s{one:03d}" for one in range(260)])
    odds = 2 * (rows.radiomics_000 + rows.radiomics_001)
    labels = pd.Series((random.random(260) < 1 / (1 + np.exp(-odds))).astype(int), index=rows.index)
    model = make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), ensemble=False))
    table = explain_model(
        model.fit(rows[:160], labels[:160]),
        classifier="svm",
        X_test=rows[160:],
        y_true=labels[160:],
        background=sample_rows(rows[:160], count=20, seed=0),
        settings=settings(bootstrap=300),
        seed=0,
    ).set_index("block")
    assert table.share["vaegan"] > 0.4
    assert table.auc_lost_low["vaegan"] < 0.02 and table.auc_lost["vaegan"] < 0.06
    assert table.auc_lost["radiomics"] > 0.15
    assert table.loc["vaegan", "scored"] == 100 and table.loc["vaegan", "n"] == 60


def test_a_transformer_before_the_model_sees_the_exchanged_columns():
    rows, labels = people(60, "radiomics_000", "vaegan_000")
    model = make_pipeline(FunctionTransformer(), StandardScaler(), GaussianNB())
    assert losses(model.fit(rows, labels), rows, labels).auc_lost["radiomics"] > 0.1
