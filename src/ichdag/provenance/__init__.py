"""Which code a result depends on: a digest of a script and of every module of this package that it imports."""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from ichdag.records import read_yaml

PACKAGE = Path(__file__).parents[1]


def expose_package() -> None:
    """Let every process that this one starts import this package, whichever environment it runs in."""
    folder, known = str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")
    if folder not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, known]))


def put_in_order(config: dict[str, Any], *, like: str | Path) -> None:
    """Put the keys of a configuration, in place and at every depth, in the order of a YAML file; others after them.

    Snakemake compares settings as text, and an overlay's keys come first: without this, naming one setting of a stage
    in a file of one's own would rerun all that reads the stage's others.
    """
    ordered = _in_order(config, read_yaml(like))
    config.clear()
    config.update(ordered)


def _in_order(value: Any, like: Any) -> Any:
    if not isinstance(value, dict):
        return value
    known = like if isinstance(like, dict) else {}
    names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
    return {name: _in_order(value[name], known.get(name)) for name in names}


@cache
def code_digest(script: str | Path) -> str:
    """Digest of the parsed code of a script and of the modules it imports, directly or through others.

    Comments, docstrings and layout do not count: what cannot change a result does not change the digest.
    """
    seen: dict[Path, str] = {}
    waiting = [Path(script)]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path], imported = _parsed(path)
            waiting.extend(imported)
    return hashlib.sha256("".join(sorted(seen.values())).encode()).hexdigest()[:12]


@cache
def _parsed(path: Path) -> tuple[str, tuple[Path, ...]]:
    """The code of one file without its docstrings, and the files of this package it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            node.body = body[1:]
    return ast.dump(tree), tuple(path for name in names for path in _files_of(name))


def _files_of(name: str) -> list[Path]:
    """The files of one dotted module name of this package: the module and the packages above it."""
    parts = name.split(".")
    if parts[0] != PACKAGE.name:
        return []
    places = [PACKAGE.joinpath(*parts[1:end]) for end in range(1, len(parts) + 1)]
    return [path for place in places for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()]
