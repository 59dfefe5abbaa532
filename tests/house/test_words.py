"""Names say what a thing is: no class, file or local with a name that says nothing, no statements packed in a line."""

import ast
from collections import Counter

import pytest

# Of a package's face, and of each stage's tables: the same idea in every room.
SHARED_FILES = {"__init__.py", "schemas.py"}
SAYS_NOTHING = {"found", "told", "here", "there", "thing", "stuff", "tmp", "res"}


@pytest.fixture(scope="module")
def trees(modules, root):
    """The parsed code of the package, the scripts and the workflow's own modules, by path."""
    files = [*modules.values(), *(root / "workflow").rglob("*.py")]
    return {str(file.relative_to(root)): ast.parse(file.read_text("utf-8")) for file in files}


def places(trees, kind, wanted):
    """Path and line of the nodes of a kind that are wanted."""
    return [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, kind) and wanted(node)
    ]


def test_no_file_name_has_two_meanings(modules):
    names = Counter(file.name for file in modules.values())
    assert {name for name, count in names.items() if count > 1} <= SHARED_FILES


def test_no_class_is_called_settings(trees):
    assert places(trees, ast.ClassDef, lambda node: node.name == "Settings") == []


def test_no_local_has_a_name_that_says_nothing(trees):
    columns = {id(node.target) for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}

    def is_empty(node):
        return isinstance(node.ctx, ast.Store) and node.id in SAYS_NOTHING and id(node) not in columns

    assert places(trees, ast.Name, is_empty) == []
    assert places(trees, ast.arg, lambda node: node.arg in SAYS_NOTHING) == []


def is_packed(node):
    """Whether an assignment packs two statements in a line: `a, b = f(x), g(y)`, but no swap or constants."""
    target, value = node.targets[0], node.value
    if not (isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)):
        return False
    names = {ast.unparse(item) for item in target.elts}
    swapped = any(ast.unparse(item) in names for item in value.elts)
    plain = all(
        isinstance(item, (ast.Constant, ast.Name, ast.Attribute, ast.Subscript)) or ast.unparse(item) in ("[]", "{}")
        for item in value.elts
    )
    return not swapped and not plain


def test_no_line_packs_two_statements(trees):
    assert places(trees, ast.Assign, is_packed) == []


def test_no_dictionary_is_made_only_to_be_unpacked_in_a_call(trees):
    def is_thrown_away(call):
        return any(keyword.arg is None and isinstance(keyword.value, ast.Dict) for keyword in call.keywords)

    assert places(trees, ast.Call, is_thrown_away) == []
