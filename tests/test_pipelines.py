"""A fitted pipeline comes back bit for bit, and a file that others wrote runs nothing."""

import io
import json
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ichdag.classification import ClassificationSettings, classifier_settings
from ichdag.classification.classifiers import ClassifierConfig, fit
from ichdag.constants import CLASSIFIERS
from ichdag.features.reducer import Reducer
from ichdag.jobs import StudyError
from ichdag.pipelines import _import_skops_without_search as skops
from ichdag.pipelines import read_pipeline, write_pipeline

ROOT = Path(__file__).parents[1]
FEW = {"random_forest": {"n_estimators": 5}, "extra_trees": {"n_estimators": 5}, "xgboost": {"n_estimators": 5}}


@pytest.fixture(scope="module")
def people():
    """Forty people with five columns, one cell missing, and a label that the first column tells."""
    random = np.random.default_rng(0)
    design = pd.DataFrame(random.gamma(2, size=(40, 5)), columns=list("abcde"))
    labels = pd.Series((design.a + random.normal(0, 0.5, 40) > design.a.median()).astype(int))
    design.loc[3, "b"] = np.nan
    return design, labels


def saved(value):
    """Anything as skops writes it."""
    return skops().dumps(value)


def fitted(classifier, people):
    """One classifier of the shipped settings, with few trees."""
    shipped = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["classification"]
    values = {name: value | FEW.get(name, {}) for name, value in shipped["classifiers"].items()}
    config = ClassifierConfig(
        classifier, ClassificationSettings(**classifier_settings(shipped | {"classifiers": values}, classifier)), 1, 1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(config, X=people[0], y=people[1], persons=pd.Series(people[0].index))


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, "logistic"])
def test_every_classifier_predicts_bit_for_bit_what_it_did_before_it_was_written(classifier, people, tmp_path):
    model = fitted(classifier, people)
    write_pipeline({"clinical": model}, tmp_path / "pipeline.skops")
    read = read_pipeline(tmp_path / "pipeline.skops")["clinical"]
    assert np.array_equal(read.predict_proba(people[0]), model.predict_proba(people[0]))
    assert read.imputed_cells_ == 1 and list(read.feature_names_in_) == list("abcde")


def test_a_reduction_gives_bit_for_bit_what_it_gave_before_it_was_written(people, tmp_path):
    values = people[0].to_numpy(dtype=np.float32)
    reducer = Reducer(rank=2, init="nndsvd", max_iter=20, tolerance=1e-4, random_state=0).fit(values)
    write_pipeline(reducer, tmp_path / "pipeline.skops")
    assert np.array_equal(read_pipeline(tmp_path / "pipeline.skops").transform(values), reducer.transform(values))


@pytest.mark.parametrize("classifier", ["random_forest", "xgboost", "svm"])
def test_fitting_the_same_again_writes_the_same_bytes(classifier, people, tmp_path):
    for name in "ab":
        write_pipeline(fitted(classifier, people), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_under_the_name_of_a_pipeline_is_refused_and_not_run(tmp_path):
    file = tmp_path / "outcome_death.skops"
    file.write_bytes(pickle.dumps(Trap(tmp_path / "ran")))
    with pytest.raises(StudyError, match=r"outcome_death\.skops cannot be read"):
        read_pipeline(file)
    assert not (tmp_path / "ran").exists()
    pickle.loads(file.read_bytes())
    assert (tmp_path / "ran").exists(), "the trap does not work, so nothing was shown"


def test_a_function_hidden_in_a_pipeline_is_refused_by_name(people, tmp_path):
    file = tmp_path / "outcome_death.skops"
    model = fitted("naive_bayes", people)
    model.steps.append(("extra", eval))
    file.write_bytes(saved(model))
    with pytest.raises(StudyError, match=r"outcome_death\.skops holds builtins\.eval, which no pipeline"):
        read_pipeline(file)


def test_an_estimator_that_no_pipeline_of_this_workflow_has_is_refused_by_name(people, tmp_path):
    from sklearn.preprocessing import FunctionTransformer

    (tmp_path / "a.skops").write_bytes(saved(FunctionTransformer()))
    with pytest.raises(StudyError, match=r"a\.skops holds sklearn\.preprocessing\._function_transformer\.Func"):
        read_pipeline(tmp_path / "a.skops")


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("left_child", 0), ("feature", 5), ("feature", -9)]
)
def test_a_tree_that_points_out_of_itself_is_refused(field, value, people, tmp_path):
    model = fitted("random_forest", people)
    write_pipeline(model, tmp_path / "good.skops")
    with zipfile.ZipFile(tmp_path / "good.skops") as good, zipfile.ZipFile(tmp_path / "bad.skops", "w") as bad:
        changed = 0
        for name in good.namelist():
            content = good.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content))
                if array.dtype.names and not changed:
                    array[field][0] = value
                    changed += 1
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    content = buffer.getvalue()
            bad.writestr(name, content)
    assert changed == 1
    read_pipeline(tmp_path / "good.skops")
    with pytest.raises(StudyError, match=r"bad\.skops holds a decision tree that points out of itself"):
        read_pipeline(tmp_path / "bad.skops")


def test_a_pipeline_that_was_cut_short_is_refused(people, tmp_path):
    write_pipeline(fitted("naive_bayes", people), tmp_path / "a.skops")
    (tmp_path / "a.skops").write_bytes((tmp_path / "a.skops").read_bytes()[:-100])
    with pytest.raises(StudyError, match=r"a\.skops cannot be read: it was cut short or altered"):
        read_pipeline(tmp_path / "a.skops")


def test_a_schema_that_lacks_its_parts_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.skops", "w") as file:
        file.writestr("schema.json", json.dumps({"protocol": 0}))
    with pytest.raises(StudyError, match=r"a\.skops cannot be read: it was cut short or altered"):
        read_pipeline(tmp_path / "a.skops")
