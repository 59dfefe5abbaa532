"""Evaluate outcomes: named expressions over columns of the participants table, such as `mrs > 3`."""

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from numbers import Real
from typing import Any

from ichdag.jobs import StudyError
from ichdag.number_format import LARGEST_EXACT

VOLUMES = ("baseline_volume_ml", "followup_volume_ml", "expansion_ml")
MAX_CHARACTERS = 2000
MAX_LEVELS = 100
MAX_TEXT_CHARACTERS = 100
SHOWN_CHARACTERS = 60
COMPARISONS = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ARITHMETIC: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
LOGIC: dict[type[ast.boolop], Callable[[Iterable[Any]], bool]] = {ast.And: all, ast.Or: any}  # lazy, as in Python
ALLOWED = (ast.Expression, ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Load, ast.Not)
COLUMN = "put what it computes into a column of the sheet"
ALTERNATIVES: dict[tuple[type[ast.AST], ...], tuple[str, str]] = {  # not allowed: name in words, what to write instead
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


def expression_columns(expression: str) -> set[str]:
    """Return the columns that an outcome reads.

    Raises StudyError if the expression has anything but comparisons, arithmetic and logic.
    """
    return set(_names(str(expression)))


def evaluate_outcome(expression: str, row: Mapping[str, Any]) -> int | None:
    """Evaluate the outcome of one participant: 1, 0, or None if it is missing; see `evaluate_outcome_with_reason`."""
    return evaluate_outcome_with_reason(expression, row)[0]


def evaluate_outcome_with_reason(expression: str, row: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Evaluate the outcome of one participant: return 1 or 0, and None; or None, and the reason why it is missing.

    It is missing if one of its columns is, and if a part that is evaluated has no value: a division by zero, or a
    result that is not finite. As in Python, `and` and `or` evaluate the right side only if the left side does not
    decide, so that `a > 0 and b / a > 2` is 0 if a is 0. Raises StudyError if the expression compares text with a
    number, also by `==`, or computes with text.
    """
    tree = _parse(str(expression))
    values = {name: row.get(name) for name in _names(str(expression))}
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


def add_expansion(row: Mapping[str, Any]) -> dict[str, Any]:
    """Add expansion_ml to a row; it is None unless both volumes are known."""
    both_known = isinstance(row.get("baseline_volume_ml"), float) and isinstance(row.get("followup_volume_ml"), float)
    return {**row, "expansion_ml": row["followup_volume_ml"] - row["baseline_volume_ml"] if both_known else None}


def _is_missing(value: Any) -> bool:
    """Tell whether a cell is None, NaN, or NA of pandas (which is neither equal nor unequal to anything)."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


@lru_cache
def _names(expression: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(_parse(expression)) if isinstance(node, ast.Name))


@lru_cache
def _parse(expression: str) -> ast.Expression:
    if len(expression) > MAX_CHARACTERS:
        raise StudyError(
            f"'{_shown(expression)}' has {len(expression)} characters, {MAX_CHARACTERS} at most are allowed: {COLUMN}"
        )
    try:
        tree = ast.parse(expression, mode="eval")
    except (RecursionError, MemoryError) as error:  # both are raised by the parser for deep nesting
        raise _too_deep(expression) from error
    except (SyntaxError, ValueError) as error:
        if "nested" in str(error):  # more than 200 parentheses, a SyntaxError of the parser
            raise _too_deep(expression) from error
        raise StudyError(
            f"'{_shown(expression)}' is not an expression: write one such as 'mrs > 3' or 'mrs == 3'"
        ) from error
    _refuse_deep(tree, expression)
    compared = [
        side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)
    ]
    for node in ast.walk(tree):
        if not isinstance(node, (*ALLOWED, *COMPARISONS, *ARITHMETIC, *LOGIC)):
            raise _not_allowed(node, expression)
        if isinstance(node, ast.Constant):
            _refuse_constant(node, expression, is_compared=node in compared)
    return tree


def _refuse_deep(tree: ast.AST, expression: str) -> None:
    level = [tree]
    depth = 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
        if depth > MAX_LEVELS:
            raise _too_deep(expression)


def _too_deep(expression: str) -> StudyError:
    return StudyError(
        f"'{_shown(expression)}' is nested deeper than the {MAX_LEVELS} levels that are allowed: {COLUMN}"
    )


def _not_allowed(node: ast.AST, expression: str) -> StudyError:
    """Make the error for a part that is not allowed: its name in words, and what to write instead."""
    alternatives = (texts for kinds, texts in ALTERNATIVES.items() if isinstance(node, kinds))
    name, alternative = next(alternatives, (f"what Python calls {type(node).__name__}", COLUMN))
    return StudyError(
        f"'{_shown(expression)}' holds {name}: only comparisons, + - * / and and/or/not are allowed; {alternative}"
    )


def _refuse_constant(node: ast.Constant, expression: str, *, is_compared: bool) -> None:
    """Refuse a constant that is neither a number of at most 15 digits nor a short text beside a comparison."""
    value = node.value
    problem = None
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARACTERS:
            problem = f"a text of {len(value)} characters, {MAX_TEXT_CHARACTERS} at most are allowed"
        elif not is_compared:
            problem = "a text that is not compared with anything: write one such as sex == 'F'"
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        problem = f"{_shown(repr(value))}: only numbers and texts are allowed"
    elif abs(value) > LARGEST_EXACT:
        problem = "a number above 1000000000000000, the largest allowed: compare a code of so many digits as a text"
    if problem:
        raise StudyError(f"'{_shown(expression)}' holds {problem}")


def _shown(expression: str) -> str:
    return expression if len(expression) <= SHOWN_CHARACTERS else f"{expression[:SHOWN_CHARACTERS]}..."


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
    """Evaluate a comparison, or a chain of them, which ends at the first that is false.

    Text is never compared with a number: they would be unequal for every participant.
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
        result = ARITHMETIC[type(node.op)](*map(float, numbers))
    except ZeroDivisionError as error:
        raise _Undefined(f"{ast.unparse(node)} divides by zero") from error
    return _finite(result, node)


def _finite(value: float, node: ast.AST) -> float:
    if not math.isfinite(value):
        raise _Undefined(f"{ast.unparse(node)} is not finite")
    return value
