"""Components named by their top features."""

import numpy as np

from ichdag.explanation.components import name_components
from ichdag.features.reducer import Reducer


def test_a_component_is_named_by_the_features_that_make_it_up():
    random = np.random.default_rng(0)
    weights = random.gamma(1, 1, (50, 2))
    components = np.zeros((2, 6))
    components[0, :2], components[1, 3:5] = [1, 1], [1, 1]
    values = weights @ components
    values[:, 5] = 3
    reducer = Reducer(rank=2, init="nndsvda", max_iter=1000, tolerance=1e-6, random_state=0).fit(values)
    table = name_components(reducer, columns=["a", "b", "empty", "c", "d", "constant"], top=2)
    assert {frozenset(rows.feature) for _, rows in table.groupby("component")} == {frozenset("ab"), frozenset("cd")}
    assert table["rank"].tolist() == [1, 2, 1, 2]
    assert np.allclose(table.groupby("component").weight.sum(), 1, atol=0.05)
    assert (table.groupby("component").weight.diff().dropna() <= 0).all()
