"""What names stand for in the modules of a package, followed from import to import to where each is defined."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ichdag.provenance.parsed_module import Imported, Module

PACKAGE = Path(__file__).parents[1]
STARTS_LOG = {"ichdag.jobs.start", "logging.getLogger"}
ERRORS = {
    "ichdag.jobs.StudyError",
    "ichdag.file_errors.MachineFault",
}  # told in the log alone; a DataFault ends in tables
TEXTS = {"ichdag.schema.Column": {"meaning", "unit"}, "ichdag.schema.number": {"meaning", "unit"}}
ANYTHING = {"__import__", "importlib.import_module", "runpy.run_module"}
Seen = frozenset[tuple[str, str]]
UNSEEN: Seen = frozenset()


class Meaning(NamedTuple):
    """What a chain of names stands for, the attributes at its end that are not known, and what it reaches."""

    target: str
    rest: list[str]
    reaches: set[str]


class Modules:
    """The modules of a package on disk, read as far as they are asked for. Its files must not change meanwhile.

    What is reached has a name: `ichdag.jobs.whole_file` is a definition, `ichdag.jobs!` what is done when the module is
    imported, `ichdag.jobs*` all that it defines.
    """

    def __init__(self, folder: Path = PACKAGE):
        self.name = folder.name
        files = {file: file.relative_to(folder.parent).with_suffix("").parts for file in folder.rglob("*.py")}
        self.files = {".".join(parts).removesuffix(".__init__"): file for file, parts in files.items()}
        self._modules: dict[str, Module] = {}
        self._meanings: dict[tuple[str, ...], Meaning | None] = {}

    def module(self, name: str) -> Module | None:
        """One module of the package."""
        if name not in self._modules and name in self.files:
            self._modules[name] = Module(name, self.files[name]).read()
        return self._modules.get(name)

    def statements(self, name: str) -> list[ast.stmt]:
        """What binds a definition, in turn, without imports."""
        return [what for what in self._bindings(name) if isinstance(what, ast.stmt)]

    def imports_of(self, name: str) -> list[Imported]:
        """The imports that bind a definition before its statements do."""
        return [what for what in self._bindings(name) if isinstance(what, Imported)]

    def _bindings(self, name: str) -> list[ast.stmt | Imported]:
        place, _, own = name.rpartition(".")
        module = self.module(place)
        return module.bindings.get(own, []) if module else []

    def all_of(self, modules: Iterable[str]) -> set[str]:
        """All that modules define, those of this package."""
        return {f"{name}*" for name in modules if name in self.files}

    def meaning(self, module: Module, chain: list[str]) -> Meaning | None:
        """What names of a module stand for; None for builtins, and for the variables of a script."""
        key = (module.name or str(module.path), *chain)
        if key not in self._meanings:
            self._meanings[key] = self._follow(module, chain)
        return self._meanings[key]

    def named(self, dotted: str) -> set[str]:
        """What a full name reaches; nothing if it is none."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            module = self.module(".".join(parts[:end]))
            if module is not None:
                return self.member(module, parts[end]).reaches if end < len(parts) else self.all_of([dotted])
        return set()

    def brought(self, what: Imported) -> set[str]:
        """What an import within a function reaches."""
        return self._import(what, UNSEEN).reaches | ({f"{what.module}!"} if what.module in self.files else set())

    def _follow(self, module: Module, chain: list[str]) -> Meaning | None:
        found, rest = self.member(module, chain[0]), chain[1:]
        while rest and found.reaches == {f"{found.target}*"}:  # a module
            inner = self.member(self.module(found.target), rest[0])
            if not inner.target:  # made while the program runs, or not there
                return Meaning(found.target, rest, found.reaches)
            found, rest = inner, rest[1:]
        if not found.target:
            return Meaning(chain[0], rest, self.all_of(self.files)) if chain[0] in ANYTHING else None
        if found.target.partition(".")[0] == self.name:
            return Meaning(found.target, rest, found.reaches)
        target = ".".join([found.target, *rest])  # of another package: the same words however it is imported
        return Meaning(target, [], self.all_of(self.files) if target in ANYTHING else found.reaches)

    def member(self, module: Module, name: str, seen: Seen = UNSEEN) -> Meaning:
        """What a name of a module stands for: a definition, a module, or what another package calls so."""
        here = f"{module.name}.{name}"
        if (module.name, name) in seen:
            return Meaning(here, [], self.all_of([module.name]))
        known = module.bindings.get(name, [])
        imports = [self._import(what, seen | {(module.name, name)}) for what in known if isinstance(what, Imported)]
        reached = {one for found in imports for one in found.reaches}
        if imports and (len(imports) == len(known) or not module.name):
            return Meaning(imports[-1].target, [], reached)
        if known:
            return Meaning(here, [], reached | {here}) if module.name else Meaning("", [], set())
        if here in self.files:
            return Meaning(here, [], {f"{here}*"})
        stars = (
            self.member(star, name, seen | {(module.name, name)}) for star in map(self.module, module.stars) if star
        )
        return next((found for found in stars if found.target), Meaning("", [], set()))

    def _import(self, what: Imported, seen: Seen) -> Meaning:
        source = self.module(what.module)
        if what.name is None or source is None:
            return Meaning(".".join(filter(None, what)), [], self.all_of([what.module]))
        found = self.member(source, what.name, seen)
        return found if found.target else Meaning(f"{what.module}.{what.name}", [], self.all_of([what.module]))

    def starts_log(self, target: str) -> bool:
        """Whether calling it gives a logger."""
        return target in STARTS_LOG

    def is_logger(self, target: str) -> bool:
        """Whether a definition is a logger."""
        values = [getattr(statement, "value", None) for statement in self.statements(target)]
        return bool(values) and all(
            isinstance(value, ast.Call) and self._target(target, value.func) in STARTS_LOG for value in values
        )

    def is_error(self, target: str) -> bool:
        """Whether it is an error that ends the job, so that nothing but the log has its text."""
        bases = [base for node in self.statements(target) if isinstance(node, ast.ClassDef) for base in node.bases]
        return target in ERRORS or any(self.is_error(self._target(target, base)) for base in bases)

    def tells_heirs(self, module: Module, statement: ast.stmt) -> bool:
        """Whether a class has a base that hears of it as soon as it is defined."""
        if not isinstance(statement, ast.ClassDef):
            return False
        targets = [self._target(f"{module.name}.{statement.name}", base) for base in statement.bases]
        bases = [(target, base) for target in targets for base in self.statements(target)]
        return any(
            "__init_subclass__" in {getattr(node, "name", "") for node in getattr(base, "body", [])}
            or self.tells_heirs(self.module(target.rpartition(".")[0]), base)
            for target, base in bases
        )

    def kept_arguments(self, target: str, call: ast.Call) -> tuple[list[ast.expr | None], list[ast.keyword]]:
        """The arguments of a call without texts for a reader: those of errors, and what is said of a column."""
        if target.startswith(f"{self.name}.") and self.is_error(target):
            return [], []
        texts = TEXTS.get(target)
        if not texts or any(isinstance(argument, ast.Starred) for argument in call.args):
            return call.args, call.keywords
        silent = [name in texts for name in self._parameters(target)]
        pairs = zip(call.args, [*silent, *[False] * len(call.args)], strict=False)
        return [None if skip else value for value, skip in pairs], [
            one for one in call.keywords if one.arg not in texts
        ]

    def _parameters(self, target: str) -> list[str]:
        """The names of what a function or a dataclass takes, in turn."""
        for node in self.statements(target):
            if isinstance(node, ast.FunctionDef):
                return [argument.arg for argument in node.args.args]
            if isinstance(node, ast.ClassDef):
                return [field.target.id for field in node.body if isinstance(field, ast.AnnAssign)]
        return []

    def _target(self, here: str, node: ast.expr) -> str:
        """The full name of what an expression names, beside a definition; nothing if it is no name."""
        chain = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        module = self.module(here.rpartition(".")[0])
        found = self.meaning(module, [node.id, *chain]) if module and isinstance(node, ast.Name) else None
        return found.target if found and not found.rest else ""
