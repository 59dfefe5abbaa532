"""Grad-CAM: the gradient is that of the score, the map shows where it comes from."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ichdag.explanation.saliency import Bottleneck, grad_cam, highest_scores, score_gradient
from ichdag.features.reducer import Reducer
from ichdag.jobs import StudyError

SHAPE = Bottleneck(channels=3, edge=4)


@pytest.fixture(scope="module")
def latents():
    """Sixty participants; channel 1 lights up at one corner in those with the outcome."""
    random = np.random.default_rng(0)
    values = random.uniform(0, 0.2, (60, SHAPE.total)).astype(np.float32)
    fine = values[:, : SHAPE.fine].reshape(60, 3, 4, 4, 4)
    fine[::2, 1, 3, 3, 3] += 2
    fine[:, 0] += random.uniform(0, 1, (60, 1, 1, 1)).astype(np.float32)
    return values


@pytest.fixture(scope="module")
def reducer(latents):
    return Reducer(rank=4, init="nndsvda", max_iter=500, tolerance=1e-5, random_state=0).fit(latents)


@pytest.fixture(scope="module")
def pipeline(latents, reducer):
    steps = [("scale", StandardScaler()), ("classify", LogisticRegression())]
    return Pipeline(steps).fit(reducer.transform(latents), np.tile([1, 0], 30))


def test_the_bottleneck_of_the_paper_has_294912_latents():
    assert Bottleneck(channels=512, edge=8).total == 294912


def test_the_gradient_is_what_a_small_step_changes_the_score_by(latents, reducer, pipeline):
    row = latents[2].astype(np.float64)
    gradient = score_gradient(row, reducer=reducer, pipeline=pipeline)
    for place in np.argsort(-np.abs(gradient))[:5]:
        up, down = row.copy(), row.copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        scores = pipeline.decision_function(reducer.transform(np.array([up, down])))
        assert (scores[0] - scores[1]) / 2e-5 == pytest.approx(gradient[place], rel=1e-3)


def test_the_map_is_brightest_where_the_outcome_shows(latents, reducer, pipeline):
    saliency = grad_cam(latents[0], reducer=reducer, pipeline=pipeline, shape=SHAPE)
    assert saliency.shape == (4, 4, 4) and saliency.min() >= 0
    assert np.unravel_index(saliency.argmax(), saliency.shape) == (3, 3, 3)


def test_a_classifier_without_slopes_gives_an_empty_map(latents, reducer, pipeline):
    flat = Pipeline([("scale", pipeline["scale"]), ("classify", LogisticRegression())])
    flat["classify"].coef_ = np.zeros((1, 4))
    assert not grad_cam(latents[0], reducer=reducer, pipeline=flat, shape=SHAPE).any()


def test_latents_of_another_size_are_refused(latents, reducer, pipeline):
    with pytest.raises(StudyError, match=r"216 segmentation latents, but 3 channels on 8\^3 and 4\^3 are 1728"):
        grad_cam(latents[0], reducer=reducer, pipeline=pipeline, shape=Bottleneck(channels=3, edge=8))


def test_maps_are_drawn_for_the_highest_scores_first(latents, reducer, pipeline):
    design = pd.DataFrame(reducer.transform(latents), index=[f"s{row}" for row in range(60)])
    scores = pd.Series(pipeline.decision_function(design.to_numpy()), index=design.index)
    assert highest_scores(pipeline, X=design, count=3) == scores.nlargest(3).index.tolist()
    assert highest_scores(pipeline, X=design.iloc[:0], count=3) == []
