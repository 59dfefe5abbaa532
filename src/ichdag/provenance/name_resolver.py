"""Resolve names in the modules of a package: follow them from import to import to where each is defined."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ichdag.provenance.parsed_module import ImportedName, Module

PACKAGE = Path(__file__).parents[1]
LOGGER_FACTORIES = {"ichdag.jobs.start_job_log", "logging.getLogger"}
# Errors whose texts stand in the log alone; that of a DataFault ends in tables.
ERRORS = {"ichdag.jobs.StudyError", "ichdag.file_errors.MachineFault"}
DESCRIPTIVE_ARGUMENTS = {"ichdag.schema.Column": {"meaning", "unit"}, "ichdag.schema.number": {"meaning", "unit"}}
DYNAMIC_IMPORTS = {"__import__", "importlib.import_module", "runpy.run_module"}
Seen = frozenset[tuple[str, str]]
UNSEEN: Seen = frozenset()


class Resolved(NamedTuple):
    """What a chain of names stands for, the attributes at its end that are not known, and what it reaches."""

    target: str
    rest: list[str]
    reaches: set[str]


class NameResolver:
    """The modules of a package on disk, read as far as they are asked for. Its files must not change meanwhile.

    What code reaches has a name: `ichdag.jobs.atomic_write` is a definition, `ichdag.jobs!` is what runs when the
    module is imported, `ichdag.jobs*` is everything that it defines.
    """

    def __init__(self, folder: Path = PACKAGE):
        self.name = folder.name
        files = {file: file.relative_to(folder.parent).with_suffix("").parts for file in folder.rglob("*.py")}
        self.files = {".".join(parts).removesuffix(".__init__"): file for file, parts in files.items()}
        self._modules: dict[str, Module] = {}
        self._resolved: dict[tuple[str, ...], Resolved | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of the package; None if there is none of this name."""
        if name not in self._modules and name in self.files:
            self._modules[name] = Module(name, self.files[name]).read()
        return self._modules.get(name)

    def statements(self, name: str) -> list[ast.stmt]:
        """Return the statements that define a name, in order, without imports."""
        return [binding for binding in self._bindings(name) if isinstance(binding, ast.stmt)]

    def imports_of(self, name: str) -> list[ImportedName]:
        """Return the imports that define a name."""
        return [binding for binding in self._bindings(name) if isinstance(binding, ImportedName)]

    def _bindings(self, name: str) -> list[ast.stmt | ImportedName]:
        place, _, own = name.rpartition(".")
        module = self.module(place)
        return module.bindings.get(own, []) if module else []

    def whole_modules(self, modules: Iterable[str]) -> set[str]:
        """Return the name of everything that modules of this package define, such as `ichdag.jobs*`."""
        return {f"{name}*" for name in modules if name in self.files}

    def resolve(self, module: Module, chain: list[str]) -> Resolved | None:
        """Resolve a name of a module and its attributes; None for builtins, and for the variables of a script."""
        key = (module.name or str(module.path), *chain)
        if key not in self._resolved:
            self._resolved[key] = self._follow(module, chain)
        return self._resolved[key]

    def reached_by_name(self, dotted: str) -> set[str]:
        """Return what a full name reaches; nothing if it is not a name of this package."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            module = self.module(".".join(parts[:end]))
            if module is not None:
                if end == len(parts):
                    return self.whole_modules([dotted])
                return self.resolve_member(module, parts[end]).reaches
        return set()

    def reached_by_import(self, imported: ImportedName) -> set[str]:
        """Return what an import within a function reaches."""
        return self._import(imported, UNSEEN).reaches | (
            {f"{imported.module}!"} if imported.module in self.files else set()
        )

    def _follow(self, module: Module, chain: list[str]) -> Resolved | None:
        resolved, rest = self.resolve_member(module, chain[0]), chain[1:]
        while rest and resolved.reaches == {f"{resolved.target}*"}:  # a module
            source = self.module(resolved.target)
            inner = self.resolve_member(source, rest[0]) if source else None
            if inner is None or not inner.target:  # made while the program runs, or not there
                return Resolved(resolved.target, rest, resolved.reaches)
            resolved, rest = inner, rest[1:]
        if not resolved.target:
            return Resolved(chain[0], rest, self.whole_modules(self.files)) if chain[0] in DYNAMIC_IMPORTS else None
        if resolved.target.partition(".")[0] == self.name:
            return Resolved(resolved.target, rest, resolved.reaches)
        target = ".".join([resolved.target, *rest])  # of another package: the same words however it is imported
        return Resolved(target, [], self.whole_modules(self.files) if target in DYNAMIC_IMPORTS else resolved.reaches)

    def resolve_member(self, module: Module, name: str, seen: Seen = UNSEEN) -> Resolved:
        """Resolve a name of a module: to a definition, a module, or a name of another package."""
        full_name = f"{module.name}.{name}"
        if (module.name, name) in seen:
            return Resolved(full_name, [], self.whole_modules([module.name]))
        known = module.bindings.get(name, [])
        imports = [
            self._import(imported, seen | {(module.name, name)})
            for imported in known
            if isinstance(imported, ImportedName)
        ]
        reached = {definition for resolved in imports for definition in resolved.reaches}
        if imports and (len(imports) == len(known) or not module.name):
            return Resolved(imports[-1].target, [], reached)
        if known:
            return Resolved(full_name, [], reached | {full_name}) if module.name else Resolved("", [], set())
        if full_name in self.files:
            return Resolved(full_name, [], {f"{full_name}*"})
        stars = (
            self.resolve_member(star, name, seen | {(module.name, name)})
            for star in map(self.module, module.stars)
            if star
        )
        return next((resolved for resolved in stars if resolved.target), Resolved("", [], set()))

    def _import(self, imported: ImportedName, seen: Seen) -> Resolved:
        source = self.module(imported.module)
        if imported.name is None or source is None:
            return Resolved(".".join(filter(None, imported)), [], self.whole_modules([imported.module]))
        resolved = self.resolve_member(source, imported.name, seen)
        return (
            resolved
            if resolved.target
            else Resolved(f"{imported.module}.{imported.name}", [], self.whole_modules([imported.module]))
        )

    def makes_logger(self, target: str) -> bool:
        """Tell whether calling it returns a logger."""
        return target in LOGGER_FACTORIES

    def is_logger(self, target: str) -> bool:
        """Tell whether a definition is a logger."""
        values = [getattr(statement, "value", None) for statement in self.statements(target)]
        return bool(values) and all(
            isinstance(value, ast.Call) and self._target(target, value.func) in LOGGER_FACTORIES for value in values
        )

    def is_error(self, target: str) -> bool:
        """Tell whether it is an error that ends the job, so that nothing but the log has its text."""
        bases = [base for node in self.statements(target) if isinstance(node, ast.ClassDef) for base in node.bases]
        return target in ERRORS or any(self.is_error(self._target(target, base)) for base in bases)

    def has_subclass_hook(self, module: Module, statement: ast.stmt) -> bool:
        """Tell whether a base of a class has `__init_subclass__`, which runs as soon as the class is defined."""
        if not isinstance(statement, ast.ClassDef):
            return False
        targets = [self._target(f"{module.name}.{statement.name}", base) for base in statement.bases]
        bases = [(target, base) for target in targets for base in self.statements(target)]
        modules = {target: self.module(target.rpartition(".")[0]) for target in targets}
        return any(
            "__init_subclass__" in {getattr(node, "name", "") for node in getattr(base, "body", [])}
            or self.has_subclass_hook(base_module, base)
            for target, base in bases
            if (base_module := modules[target])
        )

    def effective_arguments(self, target: str, call: ast.Call) -> tuple[list[ast.expr | None], list[ast.keyword]]:
        """Return the arguments of a call without texts for readers: messages of errors, meanings of columns."""
        if target.startswith(f"{self.name}.") and self.is_error(target):
            return [], []
        texts = DESCRIPTIVE_ARGUMENTS.get(target)
        if not texts or any(isinstance(argument, ast.Starred) for argument in call.args):
            return [*call.args], call.keywords
        silent = [name in texts for name in self._parameters(target)]
        pairs = zip(call.args, [*silent, *[False] * len(call.args)], strict=False)
        return [None if skip else value for value, skip in pairs], [
            keyword for keyword in call.keywords if keyword.arg not in texts
        ]

    def _parameters(self, target: str) -> list[str]:
        """Return the names of the parameters of a function or a dataclass, in order."""
        for node in self.statements(target):
            if isinstance(node, ast.FunctionDef):
                return [argument.arg for argument in node.args.args]
            if isinstance(node, ast.ClassDef):
                return [
                    field.target.id
                    for field in node.body
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
                ]
        return []

    def _target(self, definition: str, node: ast.expr) -> str:
        """Return the full name of what an expression beside a definition names; an empty text if it is not a name."""
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        module = self.module(definition.rpartition(".")[0])
        resolved = self.resolve(module, [node.id, *chain]) if module and isinstance(node, ast.Name) else None
        return resolved.target if resolved and not resolved.rest else ""
