"""Parse modules: which statements bind each of their names, and which statements run when one is imported."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# What wraps a definition without telling anybody of it; any other decorator may, and is run when its module is read.
NON_REGISTERING = (
    "abc.",
    "contextlib.",
    "dataclasses.",
    "enum.",
    "functools.",
    "typing.",
    "torch.inference_mode",
    "torch.no_grad",
)
BUILTIN_DECORATORS = {"classmethod", "property", "staticmethod"}
TARGETS = (ast.Tuple, ast.List, ast.Starred)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class ImportedName(NamedTuple):
    """A name that stands for a module, or for what a module calls `name`."""

    module: str
    name: str | None = None


@dataclass
class Module:
    """One file: what binds each name of it, what is run when it is read, and the modules that are read for it."""

    name: str
    path: Path
    bindings: dict[str, list[ast.stmt | ImportedName]] = field(default_factory=dict)
    executed: list[ast.stmt] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)

    body: list[ast.stmt] = field(default_factory=list)
    has_walrus: bool = False

    def bind(self, name: str, binding: "ast.stmt | ImportedName") -> None:
        """Note one more statement or import that gives a name its value."""
        self.bindings.setdefault(name, []).append(binding)

    def read(self) -> "Module":
        """Read and sort its statements; return it."""
        source = self.path.read_bytes()
        self.body = ast.parse(source).body
        self.has_walrus = b":=" in source
        for statement in self.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._add_import(statement)
            elif not _has_no_effect_on_import(statement):
                names, _ = bound_names([statement], has_walrus=self.has_walrus)
                for name in names:
                    self.bind(name, statement)
                if names != {"__all__"} and not (_is_definition(statement) and self._registers_nothing(statement)):
                    self.executed.append(statement)
        return self

    def _registers_nothing(self, statement: ast.stmt) -> bool:
        """Tell whether a definition is known by its own name alone: no decorator or metaclass keeps a list of it."""
        decorators = getattr(statement, "decorator_list", [])
        return not getattr(statement, "keywords", []) and all(
            registers_nothing(decorator, self) for decorator in decorators
        )

    def _add_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for bound, imported in imported_names(statement, within=self):
            self.imports.append(imported.module)
            if imported.name == "*":
                self.stars.append(imported.module)
            else:
                self.bind(bound, imported)
                self.imports += [f"{imported.module}.{imported.name}"] if imported.name else []
        if isinstance(statement, ast.Import):  # `import a.b` binds a and reads a.b
            self.imports += [alias.name for alias in statement.names]


def imported_names(statement: ast.Import | ast.ImportFrom, *, within: Module) -> Iterator[tuple[str, ImportedName]]:
    """Return the names that an import binds, and what each stands for."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            first = alias.name.partition(".")[0]
            yield alias.asname or first, ImportedName(alias.name if alias.asname else first)
        return
    source = statement.module or ""
    if statement.level:
        parts = within.name.split(".")
        above = parts[: len(parts) - statement.level + (within.path.name == "__init__.py")]
        source = ".".join([*above, *filter(None, [source])])
    for alias in statement.names:
        yield alias.asname or alias.name, ImportedName(source, alias.name)


def bound_names(nodes: Iterable[ast.AST], *, has_walrus: bool) -> tuple[set[str], set[str]]:
    """Return the names that statements assign in their own scope, and those they declare global.

    What functions, classes and loops within expressions bind is their own. `has_walrus` looks for `:=` in expressions.
    """
    names: set[str] = set()
    outer: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            names |= set() if isinstance(node.ctx, ast.Load) else {node.id}
        elif isinstance(node, COMPREHENSIONS):
            names |= {inner.target.id for inner in ast.walk(node) if has_walrus and isinstance(inner, ast.NamedExpr)}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Global):
            outer |= set(node.names)
        elif has_walrus or isinstance(node, TARGETS) or not isinstance(node, ast.expr):
            bound = getattr(node, "name", None) or getattr(node, "rest", None)  # of `except`, and of patterns
            names |= {bound} if isinstance(bound, str) else set()
            waiting += [] if isinstance(node, ast.Lambda) else children(node)
    return names - outer, outer


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Return the direct child nodes of a node."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST):
            yield value


def registers_nothing(decorator: ast.expr, module: Module) -> bool:
    """Tell whether a decorator comes from a module whose decorators keep no list of what they wrap."""
    attributes: list[str] = []
    while isinstance(decorator, (ast.Call, ast.Attribute)):
        attributes += [decorator.attr] if isinstance(decorator, ast.Attribute) else []
        decorator = decorator.func if isinstance(decorator, ast.Call) else decorator.value
    if not isinstance(decorator, ast.Name):
        return False
    known = module.bindings.get(decorator.id, [])
    if not known:
        return decorator.id in BUILTIN_DECORATORS
    imports = [imported for imported in known if isinstance(imported, ImportedName)]
    names = [".".join(filter(None, [*imported, *reversed(attributes)])) for imported in imports]
    return len(imports) == len(known) and all(name.startswith(NON_REGISTERING) for name in names)


def _has_no_effect_on_import(statement: ast.stmt) -> bool:
    """Tell whether a statement does nothing at import: a docstring, imports for annotations, a main part."""
    if isinstance(statement, ast.If) and not statement.orelse:
        test = ast.unparse(statement.test)
        return test in {"TYPE_CHECKING", "typing.TYPE_CHECKING"} or test.startswith("__name__ == ")
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _is_definition(statement: ast.stmt) -> bool:
    """Tell whether a statement only assigns names."""
    if isinstance(statement, ast.Assign):
        return all(_is_name(target) for target in statement.targets)
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        return _is_name(statement.target)
    return isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or (
        type(statement).__name__ == "TypeAlias"
    )


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_name, target.elts))
    return _is_name(target.value) if isinstance(target, ast.Starred) else isinstance(target, ast.Name)
