"""Digests of code by what it reaches: a script or a function, and whatever else its results depend on.

From the names that code uses to the functions, classes and constants of this package that they stand for, and on from
there. A module that is imported counts with what it does when it is read, not with what it defines and nobody reaches.
Where a name can stand for anything (a module handed on, `globals()`), the whole module counts. What writes logs, what
notes versions, how files are written whole and read without fault, texts of errors and the meanings of columns do not
count: no result holds them.

`python -m ichdag.provenance SCRIPT ...` prints the digest of each script; it needs nothing but Python.
"""

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ichdag.provenance.name_resolver import PACKAGE, Modules
from ichdag.provenance.normalizer import Writer
from ichdag.provenance.parsed_module import Module

LENGTH = 12
# What only logs and records have, and what decides whether a result is there, not what it holds.
UNHEARD = {"ichdag.jobs.start", "ichdag.machine.host", "ichdag.machine.versions"} | {
    *(f"ichdag.jobs.{name}" for name in ("whole_file", "sync_names", "_sync", "own_folder", "clear_leftovers")),
    *(f"ichdag.file_errors.{name}" for name in ("reading", "read_or_none", "read_through", "require_room")),
}


@dataclass(frozen=True)
class Unit:
    """What counts as one, a definition or what a module does when it is read: the hash of its text, what it reaches."""

    digest: bytes = b""
    reaches: frozenset[str] = frozenset()


class Package(Modules):
    """The code of a package, digested definition by definition, each once."""

    def __init__(self, folder: Path = PACKAGE):
        super().__init__(folder)
        self._units: dict[str, Unit] = dict.fromkeys(UNHEARD, Unit())

    def digest_of_script(self, path: Path) -> str:
        """The digest of a script and of all that it reaches."""
        script = Module("", path).read()
        writer = Writer(script, self)
        text = writer.write(node for node in script.body if not isinstance(node, (ast.Import, ast.ImportFrom)))
        return self._digest(text, writer.reaches | self._read_by(script))

    def digest_of(self, names: Iterable[str]) -> str:
        """The digest of definitions, by their full names, and of all that they reach. Raises ValueError for others."""
        reached = {name: self.named(name) for name in names}
        strangers = [name for name, found in reached.items() if not found]
        if strangers:
            raise ValueError(f"no definition of {self.name}: {', '.join(strangers)}; it may have been renamed")
        return self._digest("", set().union(*reached.values()))

    def _digest(self, text: str, start: set[str]) -> str:
        seen: set[str] = set()
        waiting = list(start)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self.unit(name).reaches)
        whole = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
        for name in sorted(seen):
            whole.update(self._units[name].digest)
        return whole.hexdigest()[:LENGTH]

    def unit(self, name: str) -> Unit:
        """One unit by its name (see `Modules`)."""
        if name not in self._units:
            place = name[:-1] if name[-1] in "!*" else name.rpartition(".")[0]
            module = self.module(place)
            self._units[name] = self._unit(name, module) if module else Unit()
        return self._units[name]

    def _unit(self, name: str, module: Module) -> Unit:
        writer = Writer(module, self)
        if name.endswith("*"):
            defined = {reached for bound in module.bindings for reached in self.member(module, bound).reaches}
            return Unit(b"", frozenset(defined | {f"{module.name}!"}))
        if name.endswith("!"):
            heirs = [statement for statement in module.body if self.tells_heirs(module, statement)]
            text = writer.write([*module.executed, *heirs])
            text += "".join(f"<*{star}>" for star in module.stars if star not in self.files)
            reaches = self._read_by(module)
        else:
            text = "".join(f"<{what.module}:{what.name}>" for what in self.imports_of(name))
            text += writer.write(self.statements(name))
            reaches = {f"{module.name}!"}
        known = hashlib.sha256(f"{name} {text}".encode("utf-8", "surrogatepass")).digest() if text else b""
        return Unit(known, frozenset(writer.reaches | reaches))

    def _read_by(self, module: Module) -> set[str]:
        """What is done because a module is imported: the packages above it, and what it imports."""
        above = module.name.rpartition(".")[0]
        return {f"{name}!" for name in (above, *module.imports) if name in self.files} | self.all_of(module.stars)
