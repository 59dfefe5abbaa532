"""Write a program as normalized text: without what changes no result, and the same whichever Python parses it.

Nothing that `ast.dump` or `ast.unparse` prints is in it, for that differs between versions of Python. Fields that are
absent or empty are left out, the others are in alphabetical order; literals are written by `canonical_literal`.
"""

import ast
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from ichdag.provenance.literals import canonical_literal, fstring_parts
from ichdag.provenance.name_resolver import NameResolver, Resolved
from ichdag.provenance.parsed_module import Module, bound_names, imported_names, registers_nothing

LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
IGNORED_FIELDS = {"annotation", "ctx", "kind", "returns", "type_comment", "type_params"}
NAMESPACE_READERS = {"eval", "exec", "globals"}  # whoever calls these may use anything in the module
DOTTED = re.compile(r"\w+(\.\w+)+")
Names = frozenset[str]
NONE: Names = frozenset()


class Normalizer:
    """Writes statements of one module as normalized text, and notes the definitions that they reach.

    Works like `ast.NodeVisitor`, and hands on which names are local.
    """

    def __init__(self, module: Module, package: NameResolver):
        self.module, self.package = module, package
        self.out: list[str] = []
        self.reaches: set[str] = set()
        self.loggers: set[str] = set()

    def write(self, statements: Iterable[ast.stmt]) -> str:
        """Return the text of statements at the top level of the module."""
        for statement in self._effective(statements, NONE):
            self._visit_value(statement, NONE)
        return "".join(self.out)

    def _visit_value(self, value: Any, local: Names) -> None:
        if isinstance(value, ast.AST):
            getattr(self, f"_visit_{type(value).__name__}", self._visit_node)(value, local)
        elif isinstance(value, list):
            self.out.append("[")
            for item in value:
                self.out.append("-") if item is None else self._visit_value(item, local)
            self.out.append("]")
        else:
            self.out.append(canonical_literal(value))

    def _visit_node(self, node: ast.AST, local: Names, **replaced: Any) -> None:
        """Write a node: its type, and its fields by name; `replaced` has fields that are written with other values."""
        self.out.append(f"({type(node).__name__}")
        for name in sorted({*node._fields, *replaced}) if replaced else _fields_of(node._fields):
            if name in IGNORED_FIELDS:
                continue
            value = replaced[name] if name in replaced else getattr(node, name, None)
            if name in ("body", "orelse", "finalbody") and isinstance(value, list):
                value = self._effective(value, local)
            if value is not None and value != []:
                self.out.append(f" {name}=")
                self._visit_value(value, local)
        self.out.append(")")

    def _visit_Name(self, node: ast.Name | ast.Attribute, local: Names) -> None:
        """Write a name and its attributes: what can be resolved is written as its full name, whatever its alias."""
        resolved = self._resolve(node, local)
        if resolved is not None:
            self.reaches |= resolved.reaches
            self.out.append(f"<={'.'.join([resolved.target, *resolved.rest])}>")
        elif isinstance(node, ast.Attribute):
            self._visit_node(node, local)
        else:
            if node.id in NAMESPACE_READERS and node.id not in local:
                self.reaches.add(f"{self.module.name}*")
            self.out.append(f"<{node.id}>")

    _visit_Attribute = _visit_Name

    def _resolve(self, node: ast.expr, local: Names) -> Resolved | None:
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id in local:
            return None
        return self.package.resolve(self.module, [node.id, *chain])

    def _target(self, node: ast.expr, local: Names) -> str:
        """Return the full name of what is called, or an empty text."""
        resolved = self._resolve(node, local)
        return "" if resolved is None or resolved.rest else resolved.target

    def _visit_FunctionDef(self, node: ast.FunctionDef, local: Names) -> None:
        bound, outer = bound_names(node.body, has_walrus=self.module.has_walrus)
        inner = (local | _arguments_of(node.args) | bound) - outer
        quiet = all(registers_nothing(decorator, self.module) for decorator in node.decorator_list)
        self.out.append(f"({type(node).__name__} {node.name}")
        self._visit_value([*node.decorator_list, *node.args.defaults], local)
        self._visit_value(node.args.kw_defaults, local)
        self._parameters(node.args, local, annotated=not quiet)
        self._visit_value(self._effective(node.body, inner), inner)
        self.out.append(")")

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _visit_Lambda(self, node: ast.Lambda, local: Names) -> None:
        self.out.append("(Lambda")
        self._visit_value([*node.args.defaults, *node.args.kw_defaults], local)
        self._parameters(node.args, local)
        self._visit_value(node.body, local | _arguments_of(node.args))
        self.out.append(")")

    def _parameters(self, arguments: ast.arguments, local: Names, *, annotated: bool = False) -> None:
        """Write the names of parameters by kind, and their annotations where a decorator may read them."""
        for kind in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
            for argument in _as_list(getattr(arguments, kind)):
                self.out.append(f" {kind}:{argument.arg}")
                if annotated and argument.annotation:
                    self._visit_value(argument.annotation, local)

    def _visit_ClassDef(self, node: ast.ClassDef, local: Names) -> None:
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        plain = not bases or "NamedTuple" in bases
        plain = plain or any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
        self.out.append(f"(ClassDef {node.name}")
        self._visit_value([*node.decorator_list, *node.bases, *node.keywords], local)
        for statement in [] if self.package.is_error(f"{self.module.name}.{node.name}") else node.body:
            if isinstance(statement, ast.AnnAssign):
                names = {node.id for node in ast.walk(statement.annotation) if isinstance(node, ast.Name)}
                names |= {node.attr for node in ast.walk(statement.annotation) if isinstance(node, ast.Attribute)}
                means = not plain or names & {"ClassVar", "InitVar", "KW_ONLY"}
                self._visit_node(statement, local, **({"annotated": statement.annotation} if means else {}))
            elif not self._has_no_effect(statement, local):
                self._visit_value(statement, local)
        self.out.append(")")

    def _comprehension(self, node: Any, local: Names) -> None:
        self.out.append("(Over")
        self._visit_value(node.generators[0].iter, local)
        bound, _ = bound_names((generator.target for generator in node.generators), has_walrus=False)
        self._visit_node(node, local | bound)
        self.out.append(")")

    _visit_ListComp = _visit_SetComp = _visit_DictComp = _visit_GeneratorExp = _comprehension

    def _visit_Call(self, node: ast.Call, local: Names) -> None:
        target = self._target(node.func, local)
        arguments, keywords = self.package.effective_arguments(target, node)
        if target == "typing.cast":
            return self._visit_value(node.args[1], local)
        self._visit_node(node, local, args=arguments, keywords=keywords)

    def _visit_Constant(self, node: ast.Constant, local: Names) -> None:
        if isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            self.reaches |= self.package.reached_by_name(node.value)  # what is stored under its name is loaded by it
        self.out.append(canonical_literal(node.value))

    def _visit_JoinedStr(self, node: ast.JoinedStr, local: Names) -> None:
        parts = fstring_parts(node)
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts):
            return self._visit_Constant(ast.Constant("".join(texts)), local)
        self.out.append("(JoinedStr")
        for part in parts:
            self._visit_value(part, local)
        self.out.append(")")

    def _visit_FormattedValue(self, node: ast.FormattedValue, local: Names) -> None:
        specification = fstring_parts(node.format_spec) if node.format_spec else []
        conversion = node.conversion if node.conversion > 0 else None
        self._visit_node(node, local, format_spec=specification, conversion=conversion)

    def _visit_AnnAssign(self, node: ast.AnnAssign, local: Names) -> None:
        if node.value is not None:
            self._visit_value(ast.Assign(targets=[node.target], value=node.value), local)

    def _visit_Import(self, node: ast.Import | ast.ImportFrom, local: Names) -> None:
        for bound, imported in imported_names(node, within=self.module):
            self.reaches |= self.package.reached_by_import(imported)
            self.out.append(f"(Import {bound}={imported.module}:{imported.name})")

    _visit_ImportFrom = _visit_Import

    def _effective(self, statements: Iterable[ast.stmt], local: Names) -> list[ast.stmt]:
        return [statement for statement in statements if not self._has_no_effect(statement, local)]

    def _has_no_effect(self, statement: ast.stmt, local: Names) -> bool:
        """Tell whether a statement changes no result: a docstring, a declaration, a message to the log."""
        if isinstance(statement, ast.Pass) or isinstance(statement, ast.AnnAssign) and statement.value is None:
            return True
        value = getattr(statement, "value", None) if isinstance(statement, (ast.Expr, ast.Assign)) else None
        if isinstance(statement, ast.Expr) and isinstance(value, ast.Constant):
            return True
        if not isinstance(value, ast.Call):
            return False
        if self.package.makes_logger(self._target(value.func, local)):
            self.loggers |= bound_names([statement], has_walrus=False)[0]
            return True
        inner = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
        return (
            isinstance(statement, ast.Expr)
            and self._is_message(value.func, local)
            and not any(isinstance(node, inner) for node in ast.walk(value))
        )

    def _is_message(self, called: ast.expr, local: Names) -> bool:
        """Tell whether a call writes to the log."""
        if not isinstance(called, ast.Attribute) or called.attr not in LOG_METHODS:
            return False
        logger = called.value
        if isinstance(logger, ast.Name) and logger.id in self.loggers:
            return True
        target = self._target(logger, local)
        return target == "logging" or bool(target) and self.package.is_logger(target)


def _arguments_of(arguments: ast.arguments) -> Names:
    """Return the names of a function's parameters."""
    kinds = (arguments.posonlyargs, arguments.args, arguments.kwonlyargs, [arguments.vararg, arguments.kwarg])
    return frozenset(argument.arg for kind in kinds for argument in kind if argument)


@cache
def _fields_of(names: tuple[str, ...]) -> list[str]:
    return sorted(set(names) - IGNORED_FIELDS)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
