"""What an earlier start of a study found out and what holds as long as neither code nor packages change.

It is a cache beside Snakemake's own records: who deletes it loses a second at the next start, and nothing else.
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
            found = json.loads(self.file.read_text("utf-8"))
            return dict(found["known"]) if found["code"] == self.code else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def get(self, name: str, find: Callable[[], str]) -> str:
        """The text of a name; it is found, and remembered, where no earlier start did so."""
        if name not in self.known:
            self.known[name] = find()
            self.is_changed = True
        return self.known[name]

    def keep(self) -> None:
        """Write what was found, if the folder is there; a folder that cannot be written to remembers nothing."""
        if not self.is_changed or not self.file.parent.is_dir():
            return
        with suppress(OSError):
            with atomic_write(self.file) as partial:
                partial.write_text(json.dumps({"code": self.code, "known": self.known}, indent=1), "utf-8")
            self.is_changed = False


@cache
def start_cache() -> StartCache:
    """The cache of the study in the working directory; it is written when this process ends."""
    found = StartCache()
    atexit.register(found.keep)
    return found


def installed(*packages: str) -> str:
    """Which Python this is, and which versions of packages it has, as one text."""
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
