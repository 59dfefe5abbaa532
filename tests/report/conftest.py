"""The made-up study of tests/figures, and the report rendered from it."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from ichdag.report.page import ReportFigure, read_captions, render

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def made_up():
    """The module that makes the tables."""
    spec = importlib.util.spec_from_file_location("made_up", ROOT / "tests/figures/tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def config():
    """The shipped settings."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def captions():
    """The shipped captions."""
    return read_captions({path.stem: path for path in (ROOT / "workflow/report").glob("*.rst")})


@pytest.fixture(scope="session")
def page_of(captions, config):
    """A function: tables and settings to the page."""

    def page(found, complaints=(), cleanup=None, **changed):
        plates = {
            "auc": ReportFigure("figure-auc", "Figure 3. AUC", captions["auc"], "data:image/svg+xml;base64,PHN2Zy8+")
        }
        cards = {"network": {"torch": "9.9.9"}}
        config_of = config | changed
        told = {
            "figures": plates,
            "captions": captions,
            "cards": cards,
            "cleanup": cleanup,
            "training_warnings": complaints,
        }
        return render(found, config=config_of, **told)

    return page
