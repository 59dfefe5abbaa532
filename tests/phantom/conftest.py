"""The settings that all tests of the phantom draw with."""

import pytest

from ichdag.phantom import PhantomSettings
from ichdag.phantom.participants_sheet import draw_cohort
from ichdag.phantom.scanner import ScannerSettings

SCANNER = {"matrix": 96, "field_of_view_mm": (205, 240), "slice_thickness_mm": (4.5, 5.0)}
OUTCOMES = {"poor_outcome": "mrs > 3"} | {f"expansion_{limit}ml": f"expansion_ml > {limit}" for limit in (3, 6, 9)}


@pytest.fixture(scope="session")
def scanner():
    return ScannerSettings(**SCANNER)


@pytest.fixture(scope="session")
def drawn():
    """A function that draws a cohort of the demo's size, but for what is changed: sheet and truth."""

    def draw(*, seed=20260101, outcomes=OUTCOMES, **changes):
        sizes = {"development": 44, "external": 28, "prediction": 2, "faulty": 8, "signal": "study"}
        return draw_cohort(PhantomSettings(**sizes | changes), seed=seed, outcomes=outcomes)

    return draw


@pytest.fixture(scope="session")
def study(drawn):
    return drawn()


@pytest.fixture(scope="session")
def happened():
    """Functions that tell from a truth whether an outcome happened."""
    grown = {f"expansion_{limit}ml": lambda own, limit=limit: own["growth_ml"] > limit for limit in (3, 6, 9)}
    return {"poor_outcome": lambda own: own["mrs"] > 3} | grown
