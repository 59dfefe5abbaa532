"""One tiny study, run once by Snakemake for all tests of the workflow."""

import os
from pathlib import Path

import pytest
from tiny import Study


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A finished tiny study; one made before is used, and one made now kept, where TINY_STUDY names a folder."""
    return Study(Path(os.environ.get("TINY_STUDY") or tmp_path_factory.mktemp("study"))).made()


@pytest.fixture
def new_study(tmp_path):
    """A study directory with nothing in it."""
    return Study(tmp_path)
