"""The report says that cross-validated Dice is of the scans that the clean-up was chosen on, and what that gained."""

import pytest

from ichdag.report import methods
from ichdag.report.mask_cleanup import cleanup_limit, cleanup_words

SETTINGS = {"threshold": 0.5, "min_component_ml": 0.1}
DICE = {(0.4, 0.1): 0.8312, (0.5, 0.1): 0.8254, (0.5, 1.0): 0.8401}
CANDIDATES = [{"threshold": cut, "min_component_ml": ml, "dice": dice} for (cut, ml), dice in DICE.items()]
CHOSEN = {"threshold": 0.5, "min_component_ml": 1.0, "chosen": "cv", "candidates": CANDIDATES}
GIVEN = SETTINGS | {"chosen": "given", "candidates": []}


def test_a_chosen_clean_up_is_told_with_its_dice_and_that_of_the_pair_given():
    told = cleanup_words(CHOSEN, settings=SETTINGS)
    assert "threshold (0.5) and the smallest component that is kept (1 mL)" in told and "among 3 pairs" in told
    assert "0.840 on the networks' grid, 0.825 with the pair given in the settings (0.5, 0.1 mL)" in told


def test_what_the_choice_gained_stands_among_the_limits():
    (limit,) = cleanup_limit(CHOSEN, settings=SETTINGS, tested=True)
    assert "on the scans on which threshold and smallest component were chosen" in limit
    assert "the choice increased Dice by 0.015" in limit and limit.endswith(
        "external scans were not used for the choice."
    )
    (alone,) = cleanup_limit(CHOSEN, settings=SETTINGS, tested=False)
    assert "external" not in alone


def test_a_pair_that_is_no_candidate_is_said_not_to_be_known():
    other = SETTINGS | {"threshold": 0.55}
    assert "with the pair given" not in cleanup_words(CHOSEN, settings=other)
    assert "(0.55, 0.1 mL) is not among the candidates" in cleanup_limit(CHOSEN, settings=other, tested=True)[0]


def test_where_nothing_was_chosen_there_is_no_limit():
    assert cleanup_limit(GIVEN, settings=SETTINGS, tested=True) == []
    assert cleanup_words(GIVEN, settings=SETTINGS).endswith("(0.1 mL) of the masks are those of the settings.")


@pytest.mark.parametrize(("record", "found"), [(CHOSEN, True), (GIVEN, False), (None, False)])
def test_the_page_tells_it_in_methods_and_limits(page_of, config, made_up, record, found):
    study = made_up.study()
    page = page_of(study, cleanup=record).replace("&#39;", "'")
    assert ("were chosen among 3 pairs" in page) == ("the choice increased Dice by 0.015" in page) == found
    told = dict(methods.methods(config, participants=study["participants"], metrics=study["metrics"], cleanup=record))
    assert ("smallest component that is kept" in told["Segmentation"]) == (record is not None)
