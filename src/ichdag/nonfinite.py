"""Features that are not finite numbers: a fault of one participant's data, never of the study."""

from collections.abc import Sequence

import numpy as np


def describe_nonfinite(
    values: np.ndarray, *, what: str, names: Sequence[str] | None = None, may_lack: bool
) -> str | None:
    """Say why a participant's features cannot be used: how many are infinite, and which is the first; or None.

    NaN is as bad as infinite, but where a feature may be lacking. `what` they are stands in the sentence, `names` are
    those of the features.
    """
    wrong = np.isinf(values).ravel() if may_lack else ~np.isfinite(values).ravel()
    places = np.flatnonzero(wrong)
    if not len(places):
        return None
    first = names[places[0]] if names is not None else f"column {places[0]}"
    kind = f"infinite {what}" if may_lack else f"{what} that are not finite"
    return f"{kind}: {len(places)} of {wrong.size}, {first} first"
