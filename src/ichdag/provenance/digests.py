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

from ichdag.provenance.name_resolver import PACKAGE, NameResolver
from ichdag.provenance.normalizer import Normalizer
from ichdag.provenance.parsed_module import Module

LENGTH = 12
# What only logs and records have, and what decides whether a result is there, not what it holds.
IGNORED_DEFINITIONS = {"ichdag.jobs.start_job_log", "ichdag.machine.host_name", "ichdag.machine.package_versions"} | {
    *(f"ichdag.jobs.{name}" for name in ("atomic_write", "_mode_of_new_files", "sync_folders", "_sync")),
    *(f"ichdag.jobs.{name}" for name in ("temporary_folder", "remove_leftover_folders")),
    *(
        f"ichdag.file_errors.{name}"
        for name in ("damaged_result_on_error", "read_or_none", "read_to_end", "check_free_space")
    ),
}


@dataclass(frozen=True)
class Unit:
    """What counts as one, a definition or what a module does when it is read: the hash of its text, what it reaches."""

    digest: bytes = b""
    reaches: frozenset[str] = frozenset()


class Package(NameResolver):
    """The code of a package, digested definition by definition, each once."""

    def __init__(self, folder: Path = PACKAGE):
        super().__init__(folder)
        self._units: dict[str, Unit] = dict.fromkeys(IGNORED_DEFINITIONS, Unit())

    def digest_of_script(self, path: Path) -> str:
        """Compute the digest of a script and of all code that it uses."""
        script = Module("", path).read()
        normalizer = Normalizer(script, self)
        text = normalizer.write(node for node in script.body if not isinstance(node, (ast.Import, ast.ImportFrom)))
        return self._digest(text, normalizer.reaches | self._run_by_import(script))

    def digest_of(self, names: Iterable[str]) -> str:
        """Compute the digest of definitions (full names) and of all that they use. Raises ValueError for others."""
        reached = {name: self.reached_by_name(name) for name in names}
        strangers = [name for name, reached_names in reached.items() if not reached_names]
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
        """Return one unit by its name (see `NameResolver`)."""
        if name not in self._units:
            place = name[:-1] if name[-1] in "!*" else name.rpartition(".")[0]
            module = self.module(place)
            self._units[name] = self._unit(name, module) if module else Unit()
        return self._units[name]

    def _unit(self, name: str, module: Module) -> Unit:
        normalizer = Normalizer(module, self)
        if name.endswith("*"):
            defined = {reached for bound in module.bindings for reached in self.resolve_member(module, bound).reaches}
            return Unit(b"", frozenset(defined | {f"{module.name}!"}))
        if name.endswith("!"):
            heirs = [statement for statement in module.body if self.has_subclass_hook(module, statement)]
            text = normalizer.write([*module.executed, *heirs])
            text += "".join(f"<*{star}>" for star in module.stars if star not in self.files)
            reaches = self._run_by_import(module)
        else:
            text = "".join(f"<{imported.module}:{imported.name}>" for imported in self.imports_of(name))
            text += normalizer.write(self.statements(name))
            reaches = {f"{module.name}!"}
        known = hashlib.sha256(f"{name} {text}".encode("utf-8", "surrogatepass")).digest() if text else b""
        return Unit(known, frozenset(normalizer.reaches | reaches))

    def _run_by_import(self, module: Module) -> set[str]:
        """Return what is run because a module is imported: the packages above it, and what it imports."""
        above = module.name.rpartition(".")[0]
        imported = {f"{name}!" for name in (above, *module.imports) if name in self.files}
        return imported | self.whole_modules(module.stars)
