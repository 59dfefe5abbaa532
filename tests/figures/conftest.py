"""The made-up study, checked against the schemas as it is written and read."""

import importlib.util
from pathlib import Path

import pytest

from ichdag.report.dictionary import SCHEMAS
from ichdag.tables import read_table, write_table


@pytest.fixture(scope="session")
def made_up():
    """The module that makes the tables."""
    spec = importlib.util.spec_from_file_location("made_up", Path(__file__).with_name("tables.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tables(made_up, tmp_path_factory):
    """Every table by name, after a round trip through its file."""
    folder = tmp_path_factory.mktemp("tables")
    result = {}
    for name, frame in made_up.study().items():
        write_table(frame, folder / f"{name}.tsv", SCHEMAS[name])
        result[name] = read_table(folder / f"{name}.tsv", SCHEMAS[name])
    return result
