"""What a job is told of participants and nobody else: Snakemake keeps and prints a digest of it in its place."""

import hashlib
import json
from typing import Any


class PrivateParams(dict[str, Any]):
    """Cells of the sheet, by name, as a parameter of a job.

    Snakemake writes what `repr` says of a parameter into .snakemake/metadata and its log, and compares that to know
    whether a job is due: here a digest, which is another one as soon as any cell is. The job itself gets a plain dict.
    """

    def __repr__(self) -> str:
        content = json.dumps(self, sort_keys=True, default=str, allow_nan=True)
        return f"private:{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)
