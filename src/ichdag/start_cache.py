"""A cache of what an earlier start of a study computed, valid as long as neither code nor packages change.

It lies beside Snakemake's own records. To delete it costs a second at the next start, and nothing else.
"""

import atexit
import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ichdag.jobs import atomic_write

FOLDER = Path(".snakemake")
NAME = "ichdag_start.json"
PACKAGE = Path(__file__).parent


class StartCache:
    """Texts by name, kept in a file of a folder for as long as the package's code is the same to the byte."""

    def __init__(self, folder: Path = FOLDER, package: Path = PACKAGE):
        self.file = folder.absolute() / NAME
        self.code = _digest_of_sources(package)
        self.known = self._read()
        self.is_changed = False

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self.file.read_text("utf-8"))
            return dict(content["known"]) if content["code"] == self.code else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def get(self, name: str, compute: Callable[[], str]) -> str:
        """Return the text of a name; compute and store it if no earlier start did."""
        if name not in self.known:
            self.known[name] = compute()
            self.is_changed = True
        return self.known[name]

    def save(self) -> None:
        """Write the texts if the folder is there; where it cannot be written to, nothing is stored."""
        if not self.is_changed or not self.file.parent.is_dir():
            return
        with suppress(OSError):
            with atomic_write(self.file) as partial:
                partial.write_text(json.dumps({"code": self.code, "known": self.known}, indent=1), "utf-8")
            self.is_changed = False


@cache
def start_cache() -> StartCache:
    """Return the cache of the study in the working directory; it is written when this process ends."""
    cache = StartCache()
    atexit.register(cache.save)
    return cache


def installed_versions(*packages: str) -> str:
    """Describe this Python and its versions of packages as one text."""
    return " ".join([sys.prefix, sys.version.split()[0], *(f"{name} {_version(name)}" for name in packages)])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _digest_of_sources(package: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        content = file.read_bytes()
        whole.update(f"{file.relative_to(package)} {len(content)} ".encode())
        whole.update(content)
    return whole.hexdigest()
