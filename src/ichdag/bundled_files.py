"""Files that come with the workflow beside its code: captions, checklists, templates, radiomics parameters.

Rules have their paths within the workflow and their digests as params, never the place where the workflow lies: so only
their content counts, and a workflow that was moved makes nothing anew.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def bundled_path(path: str | Path) -> Path:
    """Return where a file of the workflow lies, by its path in the workflow."""
    return PROJECT / path


def own_or_bundled_path(path: str | Path) -> Path:
    """Return the study's own file of this path, or, if there is none, the one that comes with the workflow."""
    return Path(path) if Path(path).is_file() else bundled_path(path)


def bundled_digests(paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each of these files of the workflow, by its path in the workflow."""
    return {path: hashlib.sha256(bundled_path(path).read_bytes()).hexdigest() for path in paths}
