"""A look at the radiomics parameter file before any job, once for each content of it."""

import json
import logging
from pathlib import Path

from ichdag.start_cache import installed_versions, start_cache

PACKAGES = ("pyradiomics", "SimpleITK", "PyWavelets", "scipy", "numpy")


def refuse_parameters(path: str | Path, *, digest: str | None) -> None:
    """Raise StudyError if a parameter file, given with the digest of its content, cannot be used; log what is left out.

    Where pyradiomics is not installed the first job looks at the file.
    """
    cache, name = start_cache(), f"radiomics parameters {digest} {installed_versions(*PACKAGES)}"
    if digest and name in cache.known:
        for note in json.loads(cache.known[name]):
            logging.getLogger(__name__).warning("%s: %s", path, note)
        return
    try:
        from ichdag.radiomics.parameters import validated
    except ImportError:
        return
    notes = validated(path).notes
    if digest:
        cache.get(name, lambda: json.dumps(notes))
