"""Check the radiomics parameter file before the first job; the result is cached by the content of the file."""

import json
import logging
from pathlib import Path

from ichdag.start_cache import installed_versions, start_cache

PACKAGES = ("pyradiomics", "SimpleITK", "PyWavelets", "scipy", "numpy")


def check_parameter_file(path: str | Path, *, digest: str | None) -> None:
    """Check that a parameter file can be used, and log what of it is left out; `digest` is that of its content.

    Where pyradiomics is not installed, the first job checks the file instead. Raises StudyError if the file cannot be
    used.
    """
    cache = start_cache()
    name = f"radiomics parameters {digest} {installed_versions(*PACKAGES)}"
    if digest and name in cache.known:
        for note in json.loads(cache.known[name]):
            logging.getLogger(__name__).warning("%s: %s", path, note)
        return
    try:
        from ichdag.radiomics.parameters import validate_parameters
    except ImportError:
        return
    notes = validate_parameters(path).notes
    if digest:
        cache.get(name, lambda: json.dumps(notes))
