"""Outcomes: named expressions over columns of the cohort table, such as `mrs > 3`."""

import ast
import math
import operator
from collections.abc import Mapping
from functools import lru_cache
from numbers import Real
from typing import Any

from ichdag.jobs import StudyError
from ichdag.number_format import LARGEST_EXACT

VOLUMES = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml")
LONGEST, DEEPEST, LONGEST_TEXT, SHOWN = 2000, 100, 100, 60  # characters, levels, characters, characters
COMPARISONS = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
LOGIC = {ast.And: all, ast.Or: any}  # of a generator: what decides ends them
ALLOWED = (ast.Expression, ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Load, ast.Not)
COLUMN = "put what it computes into a column of the sheet"
INSTEAD = {  # what is not allowed: its name in words, and what to write
    (ast.In,): ("in", "write mrs == 4 or mrs == 5 for mrs in (4, 5)"),
    (ast.NotIn,): ("not in", "write mrs != 4 and mrs != 5 for mrs not in (4, 5)"),
    (ast.Is, ast.IsNot): ("is", "write == or !="),
    (ast.Pow,): ("a power (**)", "write mrs * mrs for mrs ** 2"),
    (ast.FloorDiv, ast.Mod): ("a division with a remainder (// or %)", COLUMN),
    (ast.BitAnd,): ("&", "write and"),
    (ast.BitOr,): ("|", "write or"),
    (ast.Invert,): ("~", "write not"),
    (ast.IfExp,): ("if and else", "write (age > 80 and mrs > 4) or (age <= 80 and mrs > 3)"),
    (ast.Call,): ("a function", COLUMN),
    (ast.Attribute,): ("a dot after a name", "write the column's name alone"),
    (ast.Tuple, ast.List, ast.Set): ("a list", "compare with each value: mrs == 4 or mrs == 5"),
}


class _Undefined(Exception):
    """A part of an expression has no value for a participant, such as a number over zero."""


def columns_of(expression: str) -> set[str]:
    """The columns an outcome reads. Raises StudyError if the expression is more than comparisons and arithmetic."""
    return set(_names(str(expression)))


def outcome_of(expression: str, row: Mapping[str, Any]) -> int | None:
    """The outcome of one participant: 1, 0, or None where it is missing; see `judge_outcome`."""
    return judge_outcome(expression, row)[0]


def judge_outcome(expression: str, row: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """The outcome of one participant, 1 or 0, and None; or None, and the reason why it is missing.

    It is missing where a column it reads is, whatever the others say, and where a part that is looked at has no value:
    a number over zero, a result that is not finite. `and` and `or` look at the right side only if the left one does not
    decide, so that `a > 0 and b / a > 2` is 0 where a is 0. Raises StudyError if it compares text with a number, by
    `==` too, or computes with text.
    """
    tree, names = _parsed(str(expression)), _names(str(expression))
    values = {name: row.get(name) for name in names}
    missing = sorted(name for name, value in values.items() if _is_missing(value))
    if missing:
        return None, f"{', '.join(missing)} missing"
    try:
        return int(bool(_value(tree.body, values))), None
    except _Undefined as undefined:
        return None, str(undefined)
    except TypeError as error:
        raise StudyError(
            f"'{_shown(expression)}' compares text with a number, or computes with text: a column is text as soon as "
            "one of its cells is a word. Mend the cell (n/a where it is missing), or compare with a text: sex == 'F'"
        ) from error


def with_expansion(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with expansion_ml, where both volumes are known."""
    known = isinstance(row.get("baseline_volume_ml"), float) and isinstance(row.get("followup_volume_ml"), float)
    return {**row, "expansion_ml": row["followup_volume_ml"] - row["baseline_volume_ml"] if known else None}


def _is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN, or pandas' NA, which is equal to nothing and to nothing not."""
    return value is None or type(value).__name__ == "NAType" or value != value


@lru_cache
def _names(expression: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name))


@lru_cache
def _parsed(expression: str) -> ast.Expression:
    if len(expression) > LONGEST:
        raise StudyError(
            f"'{_shown(expression)}' has {len(expression)} characters, {LONGEST} at most are allowed: {COLUMN}"
        )
    try:
        tree = ast.parse(expression, mode="eval")
    except (RecursionError, MemoryError) as error:  # how the parser says it, whatever memory there is
        raise _too_deep(expression) from error
    except (SyntaxError, ValueError) as error:
        if "nested" in str(error):  # more than 200 parentheses, which the parser calls a fault of syntax
            raise _too_deep(expression) from error
        raise StudyError(
            f"'{_shown(expression)}' is not an expression: write one such as 'mrs > 3' or 'mrs == 3'"
        ) from error
    _refuse_deep(tree, expression)
    sides = [
        side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)
    ]
    for node in ast.walk(tree):
        if not isinstance(node, (*ALLOWED, *COMPARISONS, *ARITHMETIC, *LOGIC)):
            raise _not_allowed(node, expression)
        if isinstance(node, ast.Constant):
            _refuse_constant(node, expression, compared=node in sides)
    return tree


def _refuse_deep(tree: ast.AST, expression: str) -> None:
    level, depth = [tree], 0
    while level:
        level, depth = [child for node in level for child in ast.iter_child_nodes(node)], depth + 1
        if depth > DEEPEST:
            raise _too_deep(expression)


def _too_deep(expression: str) -> StudyError:
    return StudyError(f"'{_shown(expression)}' is nested deeper than the {DEEPEST} levels that are allowed: {COLUMN}")


def _not_allowed(node: ast.AST, expression: str) -> StudyError:
    """What is more than comparisons and arithmetic, in words, and what to write instead."""
    told = (words for kinds, words in INSTEAD.items() if isinstance(node, kinds))
    found, instead = next(told, (f"what Python calls {type(node).__name__}", COLUMN))
    return StudyError(
        f"'{_shown(expression)}' holds {found}: only comparisons, + - * / and and/or/not are allowed; {instead}"
    )


def _refuse_constant(node: ast.Constant, expression: str, *, compared: bool) -> None:
    """Refuse a constant that is neither a number of at most 15 digits nor a short text beside a comparison."""
    value, found = node.value, None
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            found = f"a text of {len(value)} characters, {LONGEST_TEXT} at most are allowed"
        elif not compared:
            found = "a text that is not compared with anything: write one such as sex == 'F'"
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        found = f"{_shown(repr(value))}: only numbers and texts are allowed"
    elif abs(value) > LARGEST_EXACT:
        found = "a number above 1000000000000000, the largest allowed: compare a code of so many digits as a text"
    if found:
        raise StudyError(f"'{_shown(expression)}' holds {found}")


def _shown(expression: str) -> str:
    return expression if len(expression) <= SHOWN else f"{expression[:SHOWN]}..."


def _value(node: ast.AST, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return values[node.id] if isinstance(values[node.id], str) else _finite(values[node.id], node)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, values)
        case ast.UnaryOp():
            return _computed(node, _value(node.operand, values))
        case ast.BinOp():
            return _computed(node, _value(node.left, values), _value(node.right, values))
        case ast.BoolOp():
            return LOGIC[type(node.op)](_value(item, values) for item in node.values)
        case ast.Compare():
            return _compared(node, values)


def _compared(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    """A comparison, or a chain of them, which ends at the first that is false.

    A text is never compared with a number: they would be unequal for everybody.
    """
    left = _value(node.left, values)
    for operation, side in zip(node.ops, node.comparators, strict=True):
        right = _value(side, values)
        if isinstance(left, str) != isinstance(right, str):
            raise TypeError("a text beside a number")
        if not COMPARISONS[type(operation)](left, right):
            return False
        left = right
    return True


def _computed(node: ast.UnaryOp | ast.BinOp, *numbers: Any) -> float:
    if not all(isinstance(number, Real) for number in numbers):
        raise TypeError("arithmetic is for numbers")
    try:
        found = ARITHMETIC[type(node.op)](*map(float, numbers))
    except ZeroDivisionError as error:
        raise _Undefined(f"{ast.unparse(node)} divides by zero") from error
    return _finite(found, node)


def _finite(value: float, node: ast.AST) -> float:
    if not math.isfinite(value):
        raise _Undefined(f"{ast.unparse(node)} is not finite")
    return value
