"""The text of a program without what changes no result: the same text whichever Python parses it.

Nothing that `ast.dump` or `ast.unparse` prints is in it, for that differs between versions of Python. Fields that are
absent or empty are left out, the others stand in the order of the alphabet; literals have a spelling of their own.
"""

import ast
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from ichdag.provenance.literals import joined_parts, spelled
from ichdag.provenance.name_resolver import Meaning, Modules
from ichdag.provenance.parsed_module import Module, imported, is_quiet, scope_of

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
SILENT_FIELDS = {"annotation", "ctx", "kind", "returns", "type_comment", "type_params"}
LOOKS_AROUND = {"eval", "exec", "globals"}  # whoever calls these may use anything in the module
DOTTED = re.compile(r"\w+(\.\w+)+")
Names = frozenset[str]
NONE: Names = frozenset()


class Writer:
    """Writes statements of one module as text, and notes the definitions that they reach."""

    def __init__(self, module: Module, package: Modules):
        self.module, self.package = module, package
        self.out: list[str] = []
        self.reaches: set[str] = set()
        self.loggers: set[str] = set()

    def write(self, statements: Iterable[ast.stmt]) -> str:
        """The text of statements that stand at the module's own level."""
        for statement in self._heard(statements, NONE):
            self._value(statement, NONE)
        return "".join(self.out)

    def _value(self, value: Any, local: Names) -> None:
        if isinstance(value, ast.AST):
            getattr(self, f"_write_{type(value).__name__}", self._node)(value, local)
        elif isinstance(value, list):
            self.out.append("[")
            for item in value:
                self.out.append("-") if item is None else self._value(item, local)
            self.out.append("]")
        else:
            self.out.append(spelled(value))

    def _node(self, node: ast.AST, local: Names, **instead: Any) -> None:
        """A node: its kind, and its fields by name; `instead` has the fields that are not written as they are."""
        self.out.append(f"({type(node).__name__}")
        for name in sorted({*node._fields, *instead}) if instead else _fields_of(node._fields):
            if name in SILENT_FIELDS:
                continue
            value = instead[name] if name in instead else getattr(node, name, None)
            if name in ("body", "orelse", "finalbody") and isinstance(value, list):
                value = self._heard(value, local)
            if value is not None and value != []:
                self.out.append(f" {name}=")
                self._value(value, local)
        self.out.append(")")

    def _write_Name(self, node: ast.Name | ast.Attribute, local: Names) -> None:
        """A name and attributes of it: as much as is known is one word, whatever it is called here."""
        found = self._meaning(node, local)
        if found is not None:
            self.reaches |= found.reaches
            self.out.append(f"<={'.'.join([found.target, *found.rest])}>")
        elif isinstance(node, ast.Attribute):
            self._node(node, local)
        else:
            if node.id in LOOKS_AROUND and node.id not in local:
                self.reaches.add(f"{self.module.name}*")
            self.out.append(f"<{node.id}>")

    _write_Attribute = _write_Name

    def _meaning(self, node: ast.expr, local: Names) -> Meaning | None:
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id in local:
            return None
        return self.package.meaning(self.module, [node.id, *chain])

    def _target(self, node: ast.expr, local: Names) -> str:
        """The full name of what is called, or nothing."""
        found = self._meaning(node, local)
        return "" if found is None or found.rest else found.target

    def _write_FunctionDef(self, node: ast.FunctionDef, local: Names) -> None:
        bound, outer = scope_of(node.body, deep=self.module.deep)
        inner = (local | _arguments_of(node.args) | bound) - outer
        quiet = all(is_quiet(decorator, self.module) for decorator in node.decorator_list)
        self.out.append(f"({type(node).__name__} {node.name}")
        self._value([*node.decorator_list, *node.args.defaults], local)
        self._value(node.args.kw_defaults, local)
        self._parameters(node.args, local, annotated=not quiet)
        self._value(self._heard(node.body, inner), inner)
        self.out.append(")")

    _write_AsyncFunctionDef = _write_FunctionDef

    def _write_Lambda(self, node: ast.Lambda, local: Names) -> None:
        self.out.append("(Lambda")
        self._value([*node.args.defaults, *node.args.kw_defaults], local)
        self._parameters(node.args, local)
        self._value(node.body, local | _arguments_of(node.args))
        self.out.append(")")

    def _parameters(self, arguments: ast.arguments, local: Names, *, annotated: bool = False) -> None:
        """The names of parameters by kind; their annotations where a decorator may read them."""
        for kind in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
            for argument in _listed(getattr(arguments, kind)):
                self.out.append(f" {kind}:{argument.arg}")
                if annotated and argument.annotation:
                    self._value(argument.annotation, local)

    def _write_ClassDef(self, node: ast.ClassDef, local: Names) -> None:
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        plain = not bases or "NamedTuple" in bases
        plain = plain or any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
        self.out.append(f"(ClassDef {node.name}")
        self._value([*node.decorator_list, *node.bases, *node.keywords], local)
        for statement in [] if self.package.is_error(f"{self.module.name}.{node.name}") else node.body:
            if isinstance(statement, ast.AnnAssign):
                told = {node.id for node in ast.walk(statement.annotation) if isinstance(node, ast.Name)}
                told |= {node.attr for node in ast.walk(statement.annotation) if isinstance(node, ast.Attribute)}
                means = not plain or told & {"ClassVar", "InitVar", "KW_ONLY"}
                self._node(statement, local, **({"annotated": statement.annotation} if means else {}))
            elif not self._is_silent(statement, local):
                self._value(statement, local)
        self.out.append(")")

    def _comprehension(self, node: Any, local: Names) -> None:
        self.out.append("(Over")
        self._value(node.generators[0].iter, local)
        bound, _ = scope_of((generator.target for generator in node.generators), deep=False)
        self._node(node, local | bound)
        self.out.append(")")

    _write_ListComp = _write_SetComp = _write_DictComp = _write_GeneratorExp = _comprehension

    def _write_Call(self, node: ast.Call, local: Names) -> None:
        target = self._target(node.func, local)
        arguments, keywords = self.package.kept_arguments(target, node)
        if target == "typing.cast":
            return self._value(node.args[1], local)
        self._node(node, local, args=arguments, keywords=keywords)

    def _write_Constant(self, node: ast.Constant, local: Names) -> None:
        if isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            self.reaches |= self.package.named(node.value)  # what is stored under its name is found by it again
        self.out.append(spelled(node.value))

    def _write_JoinedStr(self, node: ast.JoinedStr, local: Names) -> None:
        parts = joined_parts(node)
        if all(isinstance(part, str) for part in parts):
            return self._write_Constant(ast.Constant("".join(parts)), local)
        self.out.append("(JoinedStr")
        for part in parts:
            self._value(part, local)
        self.out.append(")")

    def _write_FormattedValue(self, node: ast.FormattedValue, local: Names) -> None:
        specification = joined_parts(node.format_spec) if node.format_spec else []
        conversion = node.conversion if node.conversion > 0 else None
        self._node(node, local, format_spec=specification, conversion=conversion)

    def _write_AnnAssign(self, node: ast.AnnAssign, local: Names) -> None:
        self._value(ast.Assign(targets=[node.target], value=node.value), local)

    def _write_Import(self, node: ast.Import | ast.ImportFrom, local: Names) -> None:
        for bound, what in imported(node, within=self.module):
            self.reaches |= self.package.brought(what)
            self.out.append(f"(Import {bound}={what.module}:{what.name})")

    _write_ImportFrom = _write_Import

    def _heard(self, statements: Iterable[ast.stmt], local: Names) -> list[ast.stmt]:
        return [statement for statement in statements if not self._is_silent(statement, local)]

    def _is_silent(self, statement: ast.stmt, local: Names) -> bool:
        """Whether a statement changes no result: a docstring, a declaration, a message to the log."""
        if isinstance(statement, ast.Pass) or isinstance(statement, ast.AnnAssign) and statement.value is None:
            return True
        value = getattr(statement, "value", None) if isinstance(statement, (ast.Expr, ast.Assign)) else None
        if isinstance(statement, ast.Expr) and isinstance(value, ast.Constant):
            return True
        if not isinstance(value, ast.Call):
            return False
        if self.package.starts_log(self._target(value.func, local)):
            self.loggers |= scope_of([statement], deep=False)[0]
            return True
        inner = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
        return (
            isinstance(statement, ast.Expr)
            and self._is_message(value.func, local)
            and not any(isinstance(node, inner) for node in ast.walk(value))
        )

    def _is_message(self, called: ast.expr, local: Names) -> bool:
        """Whether a call writes to the log."""
        if not isinstance(called, ast.Attribute) or called.attr not in LEVELS:
            return False
        logger = called.value
        if isinstance(logger, ast.Name) and logger.id in self.loggers:
            return True
        target = self._target(logger, local)
        return target == "logging" or bool(target) and self.package.is_logger(target)


def _arguments_of(arguments: ast.arguments) -> Names:
    """The names of a function's parameters."""
    kinds = (arguments.posonlyargs, arguments.args, arguments.kwonlyargs, [arguments.vararg, arguments.kwarg])
    return frozenset(argument.arg for kind in kinds for argument in kind if argument)


@cache
def _fields_of(names: tuple[str, ...]) -> list[str]:
    return sorted(set(names) - SILENT_FIELDS)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
