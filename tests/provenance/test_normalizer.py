"""The text of code is the same for the same program, whichever Python reads it, and another for another program."""

import ast
from pathlib import Path

import pytest

from ichdag.provenance.literals import canonical_literal

SAMPLE = Path(__file__).with_name("sample.txt").read_text("utf-8")
STORED = "8234815fb3a7"


def test_the_digest_of_a_sample_of_all_syntax_is_the_stored_one(digest_in):
    assert digest_in(SAMPLE) == STORED


def test_the_sample_has_every_statement_and_expression_of_python_3_11():
    found = {type(node).__name__ for node in ast.walk(ast.parse(SAMPLE))}
    kinds = {kind.__name__ for base in (ast.stmt, ast.expr, ast.pattern) for kind in base.__subclasses__()}
    later = {"TypeAlias", "TemplateStr", "Interpolation"}
    old = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice"}
    assert kinds - found - later - old == set()


SAME = [
    ("x = 'a' 'b'", "x = 'ab'"),
    ("x = f'a' 'b'", "x = 'ab'"),
    ("x = f'{y}' f'{z}' ''", "x = f'{y}{z}'"),
    ("x = f'{y:}'", "x = f'{y}'"),
    ("x = u'a'", "x = 'a'"),
    ("x = 0x10", "x = 1_6"),
    ("x = (1,)", "x = 1,"),
    ("x: int = 1", "x = 1"),
    ("def f(a: int, *, b: str = 'c') -> None: return a", "def f(a, *, b='c'): return a"),
    ("def f():\n    'doc'\n    pass\n    ...\n    x: int\n    return 1", "def f(): return 1"),
    ("if x:\n    y()\nelse:\n    pass", "if x: y()"),
    ("from typing import cast\nx = cast(int, y)", "x = y"),
    ("import logging\nlogging.info('a')\nx = 1", "x = 1"),
    ("import logging\nlogger = logging.getLogger('a')\nif y:\n    logger.info('a %s', y)", "if y: pass"),
    ("raise ValueError", "raise (ValueError)"),
]
OTHER = [
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = True"),
    ("x = 'a'", "x = b'a'"),
    ("x = None", "x = ..."),
    ("x = 0.1", "x = 0.1000000000000001"),
    ("x = -0.0", "x = 0.0"),
    ("x = 1j", "x = 1"),
    ("x = f'{y!r}'", "x = f'{y}'"),
    ("x = f'{y:a}'", "x = f'{y:b}'"),
    ("x = f'{y}'", "x = '{y}'"),
    ("x = {None: 1}", "x = {**1}"),
    ("x = {'-': 1}", "x = {**1}"),
    ("x = a[1:2]", "x = a[:2]"),
    ("x = [1, 2]", "x = [[1], 2]"),
    ("x = (a, b)", "x = [a, b]"),
    ("x = 'a', 'b'", "x = 'a,b'"),
    ("def f(a, b): pass", "def f(a, *, b): pass"),
    ("def f(a, b): pass", "def f(a, b, /): pass"),
    ("def f(*, a=1, b): pass", "def f(*, a, b=1): pass"),
    ("def f(): pass", "async def f(): pass"),
    ("class A:\n    x: int", "class A: pass"),
    ("from typing import ClassVar\nclass A:\n    x: ClassVar[int] = 1", "class A:\n    x: int = 1"),
    ("from pydantic import B\nclass A(B):\n    x: int", "from pydantic import B\nclass A(B):\n    x: str"),
    ("for a in b: c()", "for a in b: pass\nelse: c()"),
    ("import logging\nlogging.info((x := 1))", "pass"),
    ("info('a')", "pass"),
    ("y.info('a')", "pass"),
    ("raise ValueError('a')", "raise ValueError('b')"),
    ("global x\nx = 1", "x = 1"),
    ("x = lambda a: b", "x = lambda b: b"),
    ("match x:\n    case True: pass", "match x:\n    case False: pass"),
    ("x = [a for a in b if a]", "x = [a for a in b]"),
    ("x = a if b else c", "x = c if b else a"),
    ("import numpy as n\nn.f()", "import scipy as n\nn.f()"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_means_the_same_has_the_same_digest(one, other, digest_in):
    assert digest_in(one) == digest_in(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_means_something_else_has_another_digest(one, other, digest_in):
    assert digest_in(one) != digest_in(other)


def test_literals_are_spelled_without_the_tables_of_unicode_of_one_version():
    assert canonical_literal("a\U0001fae8'\n") == "'4:a\U0001fae8'\n'"  # `repr` escapes it in some versions
    values = ["1", b"1", 1, 1.0, True, 1j, None, ..., "None", "i1", "Ellipsis", "", b""]
    assert len({canonical_literal(value) for value in values}) == len(values)


def later(tree):
    """A tree as a later Python has it: fields that are new or empty, texts split, in another order."""
    for node in ast.walk(tree):
        node._fields = tuple(reversed([*type(node)._fields, "new", "newer"]))
        node.new, node.newer = [], None
        if isinstance(node, ast.JoinedStr):
            node.values = [
                part
                for value in node.values
                for part in (
                    [ast.Constant(sign) for sign in value.value] if isinstance(value, ast.Constant) else [value]
                )
            ]
    return tree


def test_new_and_empty_fields_and_split_texts_of_later_versions_change_nothing(digest_in, monkeypatch):
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda *given, **more: later(parse(*given, **more)))
    assert digest_in(SAMPLE) == STORED
