"""A digest follows names to what they stand for, however they are brought, and where it cannot it takes everything."""

import pytest

UNUSED = "\n\ndef unused():\n    return 1\n"


def pair(number, unused=UNUSED):
    """The module that is edited: a function the script reaches, and one it does not."""
    return f"def f():\n    return {number}\n{unused}"


# What the script says, and modules beside pack.a, whose function f is reached.
F = "from pack.a import f\n"
REACHED = {
    "a from-import": (f"{F}f()", {}),
    "another name": ("from pack.a import f as g\ng()", {}),
    "a module's attribute": ("from pack import a\na.f()", {}),
    "a full name": ("import pack.a\npack.a.f()", {}),
    "a module's other name": ("import pack.a as b\nb.f()", {}),
    "a package that hands it on": ("from pack import f\nf()", {"__init__": F}),
    "a chain of packages": (
        "from pack import sub\nsub.f()",
        {"sub/__init__": "from pack.sub.b import g as f", "sub/b": "from pack.a import f as g"},
    ),
    "a relative import": ("from pack.b import g\ng", {"b": "from .a import f\ndef g(): return f()"}),
    "a base": ("from pack.b import G\nG", {"b": f"{F}class G(f): pass"}),
    "a method": ("from pack.b import G\nG", {"b": f"{F}class G:\n    def m(self): return f()"}),
    "a decorator": ("from pack.b import g\ng", {"b": f"{F}@f\ndef g(): pass"}),
    "a default": ("from pack.b import g\ng", {"b": f"{F}def g(x=f()): pass"}),
    "a keyword default": ("from pack.b import g\ng", {"b": f"{F}def g(*, x=f): pass"}),
    "a constant": ("from pack.b import X\nX", {"b": f"{F}X = [f()]"}),
    "a constant that grows": ("from pack.b import X\nX", {"b": f"{F}X = []\nX += [f()]"}),
    "an unpacked constant": ("from pack.b import X\nX", {"b": f"{F}X, *Y = f()"}),
    "a lambda": ("from pack.b import X\nX", {"b": f"{F}X = lambda g: f()"}),
    "a loop in brackets": ("from pack.b import X\nX", {"b": f"{F}X = [f for f in f()]"}),
    "a pattern": ("from pack.b import g\ng", {"b": "import pack.a as a\ndef g(x):\n    match x:\n        case a.f: 0"}),
    "an import in a function": ("from pack.b import g\ng", {"b": "def g():\n    from pack.a import f\n    return f()"}),
    "what is run at import": ("import pack.b", {"b": f"{F}f()"}),
    "what is run in a package above": ("import pack.sub.b", {"sub/__init__": f"{F}f()", "sub/b": "X = 1"}),
    "what an import imports": ("import pack.b", {"b": "import pack.c", "c": f"{F}for one in f(): print(one)"}),
    "a choice at import": (
        "from pack.b import g\ng",
        {"b": "try:\n    from pack.a import f as g\nexcept ImportError:\n    g = None"},
    ),
    "a list that its decorator keeps": ("import pack.b", {"b": f"{F}@f.register\ndef g(): pass"}),
    "a list that a decorator from elsewhere keeps": (
        "import pack.b",
        {"b": f"import atexit\n{F}@atexit.register\ndef g(): f()"},
    ),
    "a base that is told of it": (
        "import pack.b",
        {"b": f"from pack.c import C\n{F}class D(C):\n    x = f", "c": "class C:\n    def __init_subclass__(cls): 0"},
    ),
}
# Where what is reached cannot be said, and all of the module counts.
ANY = {
    "a star": ("from pack.b import *\nf()", {"b": "from pack.a import *"}),
    "a module imported in a function": (
        "from pack.b import g\ng",
        {"b": "def g():\n    from pack import a\n    a.f()"},
    ),
    "a module handed on": ("from pack import a\nprint(getattr(a, 'f')())", {}),
    "a look at all names": ("from pack.a import g\ng", {"a": "def g(): return globals()['f']()\n\n\n"}),
    "an import by name": ("import importlib\nimportlib.import_module('pack.' + 'a').f()", {}),
    "the name of a module": ("print('pack.a')", {}),
}


@pytest.mark.parametrize("way", REACHED | ANY)
def test_a_changed_function_changes_the_script_that_reaches_it_by(way, digest_in):
    script, modules = (REACHED | ANY)[way]
    digests = [digest_in(script, **modules | {"a": modules.get("a", "") + pair(number)}) for number in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("way", REACHED)
def test_a_function_that_nobody_reaches_does_not_count_beside_one_that_is_reached_by(way, digest_in):
    script, modules = REACHED[way]
    others = (UNUSED, UNUSED.replace("1", "2"), "", f"{UNUSED}\n\nLIMIT = 3\n")
    digests = {digest_in(script, **modules | {"a": pair(1, unused)}) for unused in others}
    assert len(digests) == 1


def test_a_variable_of_a_function_is_not_the_function_of_the_same_name(digest_in):
    text = "from pack.a import f\ndef g(f):\n    return f\ndef h():\n    f = 1\n    return f"
    digests = [digest_in("from pack.b import g, h\ng, h", a=pair(number), b=text) for number in (1, 2)]
    assert digests[0] == digests[1]


def test_functions_of_one_name_in_two_modules_are_not_confused(digest_in):
    modules = {"a": "def f(): return 1", "b": "def f(): return 2"}
    digests = [
        digest_in(f"from pack.{one} import f\nfrom pack.{other} import f as g\nprint(f() - g())", **modules)
        for one, other in ("ab", "ba")
    ]
    assert digests[0] != digests[1]


def test_what_is_imported_from_elsewhere_counts_by_its_full_name(digest_in):
    one, same, other = (
        digest_in("from pack.a import g\ng", a=f"{line}\ndef g(x): return {call}(x)")
        for line, call in (
            ("import numpy as np", "np.linalg.norm"),
            ("from numpy.linalg import norm", "norm"),
            ("from scipy.linalg import norm", "norm"),
        )
    )
    assert one == same != other


def test_modules_that_import_each_other_end(digest_in):
    texts = {"a": "from pack.b import g\ndef f(): return g()", "b": "from pack.a import f\ndef g(): return f() + {}"}
    digests = [digest_in("from pack.a import f\nf", a=texts["a"], b=texts["b"].format(number)) for number in (1, 2)]
    assert digests[0] != digests[1]


def test_names_that_only_import_each_other_end(digest_in):
    assert digest_in("from pack.a import f\nf", a="from pack.b import f", b="from pack.a import f")


def test_what_is_imported_and_then_changed_counts_by_where_it_comes_from(digest_in):
    modules = [
        f"from {name} import norm\nnorm = abs(norm)\ndef g(): return norm" for name in ("numpy", "numpy", "scipy")
    ]
    one, same, other = (digest_in("from pack.a import g\ng", a=module) for module in modules)
    assert one == same != other


def test_imports_for_annotations_alone_do_not_count(digest_in):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.a import f\ndef g(x: 'f') -> 'f': pass"
    plain = "from pack.a import f\ndef g(x: f, *args: f) -> f:\n    y: f = x\n    return y"
    for module in (text, plain):
        assert len({digest_in("from pack.b import g\ng", a=pair(number), b=module) for number in (1, 2)}) == 1
