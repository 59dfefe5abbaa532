"""Write literals the same in every version of Python: `repr` of a text depends on the version's tables of Unicode."""

import ast
from typing import Any


def canonical_literal(value: Any) -> str:
    """Write a literal, or a name in the tree, with its type; no two different ones are written the same."""
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


def fstring_parts(node: ast.expr) -> list[str | ast.expr]:
    """Return the parts of an f-string in order: values and texts; neighboring texts are joined, and none is empty.

    Versions of Python split and nest these parts differently.
    """
    if isinstance(node, ast.Constant):
        flat: list[Any] = [node.value]
    elif isinstance(node, ast.JoinedStr):
        flat = [part for inner in node.values for part in fstring_parts(inner)]
    else:
        flat = [node]
    parts: list[str | ast.expr] = []
    for part in flat:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return parts
