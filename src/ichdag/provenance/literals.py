"""Literals spelled the same by every Python: `repr` of a text depends on the version's tables of Unicode."""

import ast
from typing import Any


def spelled(value: Any) -> str:
    """A literal, or a name in the tree, with its kind; no two of them are spelled the same."""
    if isinstance(value, str):
        return f"'{len(value)}:{value}'"
    if isinstance(value, bytes):
        return f"b{value.hex()}'"
    if isinstance(value, bool) or value is None or value is ...:
        return f"{value}"
    if isinstance(value, int):
        return f"i{value:x}"
    if isinstance(value, float):
        return f"f{value.hex()}"
    return f"c{value.real.hex()},{value.imag.hex()}"


def joined_parts(node: ast.expr) -> list[str | ast.expr]:
    """The parts of an f-string in turn: texts, neighbors in one and none empty, and values.

    Versions of Python split and nest them differently.
    """
    if isinstance(node, ast.Constant):
        flat: list[Any] = [node.value]
    elif isinstance(node, ast.JoinedStr):
        flat = [part for inner in node.values for part in joined_parts(inner)]
    else:
        flat = [node]
    parts: list[str | ast.expr] = []
    for part in flat:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return parts
