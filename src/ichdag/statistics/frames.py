"""Build tables from rows, with all columns of the schema even without rows."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ichdag.schema import Schema


def as_frame(rows: Iterable[dict[str, Any]], *, schema: Schema) -> pd.DataFrame:
    """Build a table with the columns of a schema, in its order."""
    return pd.DataFrame(list(rows), columns=schema.column_names)
