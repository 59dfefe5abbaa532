"""Outcomes: named expressions over columns of the cohort table, such as `mrs > 3`."""

import ast
import operator
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ichdag.jobs import StudyError

VOLUMES = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml")
OPERATORS = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.And: lambda *values: all(values),
    ast.Or: lambda *values: any(values),
    ast.Not: operator.not_,
}
ALLOWED = (ast.Expression, ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Load)


def columns_of(expression: str) -> set[str]:
    """The columns an outcome reads. Raises StudyError if the expression is more than comparisons and arithmetic."""
    return {node.id for node in ast.walk(_parsed(str(expression))) if isinstance(node, ast.Name)}


def outcome_of(expression: str, row: Mapping[str, Any]) -> int | None:
    """The outcome of one participant: 1, 0, or None where a column it reads is missing."""
    tree = _parsed(str(expression))
    values = {name: row.get(name) for name in columns_of(expression)}
    if any(value is None or value != value for value in values.values()):
        return None
    return int(bool(_value(tree.body, values)))


def with_expansion(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with expansion_ml, where both volumes are known."""
    known = isinstance(row.get("baseline_volume_ml"), float) and isinstance(row.get("followup_volume_ml"), float)
    return {**row, "expansion_ml": row["followup_volume_ml"] - row["baseline_volume_ml"] if known else None}


@lru_cache
def _parsed(expression: str) -> ast.Expression:
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise StudyError(f"'{expression}' is not an expression: write one such as 'mrs > 3'") from error
    for node in ast.walk(tree):
        if not isinstance(node, (*ALLOWED, *OPERATORS)):
            raise StudyError(
                f"'{expression}' holds {type(node).__name__}: only comparisons, arithmetic and and/or/not are allowed"
            )
    return tree


def _value(node: ast.AST, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return values[node.id]
        case ast.UnaryOp():
            return OPERATORS[type(node.op)](_value(node.operand, values))
        case ast.BinOp():
            return OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
        case ast.BoolOp():
            return OPERATORS[type(node.op)](*(_value(item, values) for item in node.values))
        case ast.Compare():
            sides = [_value(item, values) for item in (node.left, *node.comparators)]
            pairs = zip(sides[:-1], sides[1:], strict=True)
            return all(OPERATORS[type(op)](*pair) for op, pair in zip(node.ops, pairs, strict=True))
