"""Code to digest: a copy of the package that a test may edit, and small packages made up for one test."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from ichdag.provenance.digests import Package

ROOT = Path(__file__).parents[2]


class Tree:
    """A copy of the package and the scripts."""

    def __init__(self, folder):
        self.folder = folder
        for part in ("src/ichdag", "workflow/scripts"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        self.before = self.digests()

    def digests(self):
        """The digest of every script, by its name."""
        package = Package(self.folder / "src/ichdag")
        return {path.stem: package.digest_of_script(path) for path in (self.folder / "workflow/scripts").glob("*.py")}

    def digest_of(self, *names):
        """The digest of definitions."""
        return Package(self.folder / "src/ichdag").digest_of(names)

    @contextmanager
    def edited(self, *edits):
        """Within it files say something else: (file, old, new), where `old` must stand in the file once."""
        before = {self.folder / file: (self.folder / file).read_text("utf-8") for file, _, _ in edits}
        try:
            for file, old, new in edits:
                text = (self.folder / file).read_text("utf-8")
                assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
                (self.folder / file).write_text(text.replace(old, new), "utf-8")
            yield
        finally:
            for path, text in before.items():
                path.write_text(text, "utf-8")

    def changed_by(self, *edits):
        """The scripts whose digest edits change."""
        with self.edited(*edits):
            after = self.digests()
        return {name for name, digest in after.items() if digest != self.before[name]}


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A copy of the package and the scripts."""
    return Tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture
def digest_in(tmp_path):
    """The digest of a script beside a package of these modules, by their paths."""
    count = iter(range(1000))

    def digest(script, package="pack", **modules):
        folder = tmp_path / str(next(count))
        for name, text in {"__init__": "", **modules}.items():
            path = folder / package / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        (folder / "script.py").write_text(script, "utf-8")
        return Package(folder / package).digest_of_script(folder / "script.py")

    return digest
