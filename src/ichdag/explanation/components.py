"""Name the NMF components of the radiomics block by the features with the highest weights."""

import numpy as np
import pandas as pd

from ichdag.features.reducer import Reducer


def name_components(reducer: Reducer, *, columns: list[str], top: int) -> pd.DataFrame:
    """Return the `top` features of each component with their fraction of its loadings (schema components).

    Columns are scaled to [0, 1] before the factorization, so that loadings of different features are comparable.
    """
    names = np.array(columns)[reducer.kept_]
    tables = []
    for component, loadings in enumerate(reducer.components_.astype(np.float64)):
        weights = loadings / loadings.sum() if loadings.sum() > 0 else loadings
        order = np.argsort(-weights, kind="stable")[:top]
        rows = {"component": component, "rank": range(1, len(order) + 1), "feature": names[order]}
        tables.append(pd.DataFrame(rows | {"weight": np.clip(weights[order], 0, 1)}))
    return pd.concat(tables, ignore_index=True)
