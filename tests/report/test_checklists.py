"""The checklists are whole, filled from what ran, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

from ichdag.report.checklists import TITLES, facts_of, fill
from ichdag.report.schemas import CHECKLISTS
from ichdag.tables import read_table

RESOURCES = Path(__file__).parents[2] / "resources/checklists"


STATEMENT = {
    "columns": ["diagnostics_Image-original_Mean", "original_shape_Sphericity", "original_glcm_Contrast"],
    "settings": {"resampledPixelSpacing": [1, 1, 5], "normalize": True},
}


@pytest.fixture(scope="module")
def facts(made_up, config):
    study = made_up.study()
    return facts_of(config, participants=study["participants"], metrics=study["metrics"], radiomics=STATEMENT)


@pytest.fixture(scope="module")
def filled(facts):
    return {name: fill(read_table(RESOURCES / f"{name}.tsv", CHECKLISTS[name]), facts=facts) for name in TITLES}


@pytest.mark.parametrize(("name", "count"), [("checklist_tripod_ai", 52), ("checklist_clear", 58)])
def test_every_item_of_a_checklist_is_there_once(name, count, filled):
    assert filled[name]["item"].is_unique and len(filled[name]) == count


def test_answers_tell_the_numbers_of_this_run(filled, facts, config):
    tripod = filled["checklist_tripod_ai"].set_index("item").answer
    assert tripod["12a"].startswith(f"{config['folds']}-fold cross-validation")
    assert f"to {config['features']['rank']} components" in tripod["12b"]
    assert facts["events"] in tripod["21"] and " of " in tripod["21"]
    for table in filled.values():
        assert not table.answer.dropna().str.contains(r"[{}]").any()


def test_without_an_external_cohort_no_item_speaks_of_one_as_if_it_were_there(made_up, config):
    study = made_up.study()
    inner = study["metrics"][study["metrics"]["fold"] != "external"]
    facts = facts_of(config, participants=study["participants"], metrics=inner, radiomics=STATEMENT)
    tables = {
        name: fill(read_table(RESOURCES / f"{name}.tsv", CHECKLISTS[name]), facts=facts).set_index("item")
        for name in TITLES
    }
    tripod, clear = (table.answer for table in tables.values())
    assert "no external cohort" in tripod["12a"] and "no external cohort" in tripod["12g"]
    assert tripod["12d"].startswith("There is one cohort") and tripod["23b"] == "There is one cohort"
    assert "no external cohort" in clear["15"] and "no external cohort" in clear["38"]


def test_answers_follow_the_parameter_file_and_say_what_is_fitted_and_corrected_where(filled):
    tripod, clear = (table.set_index("item").answer for table in filled.values())
    assert clear["21"].startswith("Radiomics on voxels resampled to 1, 1, 5 mm, with normalized gray values; networks")
    assert clear["26"] == "Of pyradiomics: shape, GLCM; latents of two networks"
    assert "of AUCs by DeLong and bootstrap, for pooled" in clear["40"] and "for the given predictions" in clear["40"]
    assert "of the development participants of all folds; so are threshold" in tripod["12c"]
    assert tripod["15"].endswith("training part; for external participants, on all out-of-fold predictions")


def test_answers_without_a_choice_of_masks_or_external_participants_do_not_tell_of_them(made_up, config):
    study = made_up.study()
    inner = study["metrics"][study["metrics"]["fold"] != "external"]
    given = config["segmentation"] | {"cleanup": config["segmentation"]["cleanup"] | {"chosen": "given"}}
    twice = study["participants"].assign(person_id=["a", "a", None, None, None, None])
    facts = facts_of(config | {"segmentation": given}, participants=twice, metrics=inner, radiomics=STATEMENT)
    items = read_table(RESOURCES / "checklist_tripod_ai.tsv", CHECKLISTS["checklist_tripod_ai"])
    answers = fill(items, facts=facts).set_index("item").answer
    assert answers["12c"].endswith("of all folds") and "external" not in answers["15"]
    assert answers["12d"].endswith(
        "2 development participants are 1 person, whom intervals and tests treat as independent"
    )


def test_what_only_the_authors_know_is_left_blank(filled):
    tripod, clear = (table.set_index("item").answer for table in filled.values())
    assert tripod[["1", "5b", "17", "18a", "18d", "25"]].isna().all()
    assert clear[["8", "16", "20", "53"]].isna().all()


def test_every_place_that_an_item_names_is_an_anchor_of_the_page(page_of, made_up, filled):
    page = page_of(made_up.study() | filled)
    anchors = set(re.findall(r'id="([^"]+)"', page))
    places = {place for table in filled.values() for cell in table["where"].dropna() for place in cell.split()}
    figures = {"figure-cohort_flow"}  # drawn in every study, but not for this test
    assert places - figures <= anchors
    assert all(f'href="#{place}"' in page for place in places)


def test_the_page_says_how_many_items_are_open(page_of, made_up, filled):
    blanks = int(filled["checklist_tripod_ai"].answer.isna().sum())
    assert f"52 items, {blanks} for the authors to answer" in page_of(made_up.study() | filled)
