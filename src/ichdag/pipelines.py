"""Fitted scikit-learn objects as files that hold numbers and names of types, and run no code when read (skops)."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ichdag.file_errors import damaged_result_on_error
from ichdag.jobs import StudyError, atomic_write

# Everything that a file may hold beside plain numbers, texts, lists, dicts and arrays. What is new here is reviewed.
TRUSTED = [
    "ichdag.features.reducer.Reducer",
    "numpy.dtype",
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._forest.ExtraTreesClassifier",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.impute._base.SimpleImputer",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.svm._classes.SVC",
    "sklearn.tree._classes.DecisionTreeClassifier",
    "sklearn.tree._classes.ExtraTreeClassifier",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
]
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
ID_PATTERN = re.compile(r'("__id__": |"file": ")([0-9a-f-]+)')


def write_pipeline(pipeline: Any, path: str | Path) -> None:
    """Write a fitted scikit-learn object, or several by name, whole. The same object gives the same bytes.

    skops names the members of the archive by addresses in memory, or at random, and dates them; here they are numbered
    and have no date.
    """
    numbers: dict[str, str] = {}

    def renumbered(match: re.Match) -> str:
        return match[1] + numbers.setdefault(match[2], str(len(numbers)))

    with (
        zipfile.ZipFile(io.BytesIO(_import_skops_without_search().dumps(pipeline))) as parts,
        atomic_write(path) as partial,
    ):
        schema = ID_PATTERN.sub(renumbered, parts.read("schema.json").decode("ascii"))
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as kept:
            for name in parts.namelist():
                content = schema if name == "schema.json" else parts.read(name)
                stem, dot, ending = name.partition(".")
                entry = zipfile.ZipInfo(numbers.get(stem, stem) + dot + ending, ZIP_EPOCH)
                kept.writestr(entry, content, zipfile.ZIP_DEFLATED)


def read_pipeline(path: str | Path) -> Any:
    """Read a fitted scikit-learn object, anybody's: no code runs.

    Raises StudyError, naming the file and what was found in it, if it holds a type that is not TRUSTED or a decision
    tree that points out of itself (scikit-learn would read memory that is not its own), and if it is not whole.
    """
    skops = _import_skops_without_search()
    with damaged_result_on_error(path):
        try:
            pipeline = skops.load(path, trusted=TRUSTED)
        except skops.exceptions.UntrustedTypesFoundException:
            strange = sorted(set(skops.get_untrusted_types(file=path)) - set(TRUSTED))
            raise StudyError(
                f"{path} holds {', '.join(strange)}, which no pipeline of this workflow does: it was not read. "
                "Ask who gave it to you, or delete it and make it anew"
            ) from None
    objects = list(_walk_objects(pipeline, set()))
    width = min((item.n_features_in_ for item in objects if hasattr(item, "n_features_in_")), default=0)
    if not all(_is_valid_tree(item, width) for item in objects if type(item).__name__ == "Tree"):
        raise StudyError(f"{path} holds a decision tree that points out of itself: it is not used. Make it anew")
    return pipeline


@cache
def _import_skops_without_search() -> ModuleType:
    """Import skops.io so that it trusts no estimator of scikit-learn by itself, only those in TRUSTED.

    When it is imported, skops asks `sklearn.utils.all_estimators` for every estimator there is, and trusts them all;
    this takes 2 s and 200 MB. It has no setting for that, so the list is empty while it is imported.
    """
    import sklearn.utils

    all_estimators = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = list
    try:
        import skops.io
        import skops.io.exceptions
    finally:
        sklearn.utils.all_estimators = all_estimators
    return skops.io


def _walk_objects(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield a value and everything that it holds, each object once."""
    if id(value) in seen or isinstance(value, (str, bytes, bytearray, int, float, np.generic)):
        return
    seen.add(id(value))
    yield value
    if isinstance(value, np.ndarray):
        parts: Iterable[Any] = value.ravel().tolist() if value.dtype.hasobject else []
    elif isinstance(value, (list, tuple, set)):
        parts = value
    else:
        parts = (value if isinstance(value, dict) else getattr(value, "__dict__", {})).values()
    for part in parts:
        yield from _walk_objects(part, seen)


def _is_valid_tree(tree: Any, width: int) -> bool:
    """Tell whether the children of each inner node come after it within the tree, and its column exists."""
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != -1)
    children = np.concatenate([left[inner], right[inner]])
    ordered = (children > np.concatenate([inner, inner])) & (children < tree.node_count)
    return bool(ordered.all() and ((feature[inner] >= 0) & (feature[inner] < width)).all())
