"""Rows into tables that have their columns even when there are no rows."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ichdag.schema import Schema


def as_frame(rows: Iterable[dict[str, Any]], *, schema: Schema) -> pd.DataFrame:
    """A table with the columns of a schema, in its order."""
    return pd.DataFrame(list(rows), columns=schema.column_names)
