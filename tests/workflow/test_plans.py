"""What a study would do follows from its sheet and settings: plans, of which no job is run."""

import shutil

import numpy as np
import pytest
import yaml
from tiny import SETTINGS

from ichdag.images import Volume, write_image

DEVELOPMENT, EXTERNAL = 12, 6
HEADER = "participant_id cohort role baseline_ct followup_ct baseline_mask followup_mask age sex mrs"


def write_sheet(folder, *, external):
    """A sheet of participants whose scans and masks are copies of one small image."""
    folder.mkdir(parents=True)
    write_image(Volume(np.zeros((4, 4, 4), np.int16), np.eye(4)), folder / "image.nii.gz")
    lines = [HEADER.split()]
    for letter, role, count in (("D", "development", DEVELOPMENT), ("E", "external", external)):
        for number in range(count):
            files = [f"{letter}{number}_{name}.nii.gz" for name in ("bct", "fct", "bm", "fm")]
            for name in files:
                shutil.copyfile(folder / "image.nii.gz", folder / name)
            lines.append([f"sub-{letter}{number}", letter, role, *files, "60", "F", str(number % 6)])
    (folder / "participants.tsv").write_text("\n".join("\t".join(line) for line in lines) + "\n", encoding="utf-8")


@pytest.fixture
def planned(new_study):
    """A function: number of external participants, settings that differ, to the jobs of each rule."""

    def plan(external, **settings):
        shutil.rmtree(new_study.folder / "phantom", ignore_errors=True)
        write_sheet(new_study.folder / "phantom", external=external)
        more = new_study.folder / "more.yaml"
        more.write_text(yaml.safe_dump(settings), encoding="utf-8")
        return new_study.planned("--configfile", SETTINGS, more, "--", "all")

    return plan


def test_a_study_without_an_external_cohort_is_planned_to_the_report_and_explained_out_of_fold(planned):
    whole, alone = planned(EXTERNAL), planned(0)
    assert whole["convert_scans"] - alone["convert_scans"] == EXTERNAL
    assert alone["make_report"] == alone["check_study"] == 1
    assert (whole["explain_predictions"], whole["explain_out_of_fold"]) == (1, 0)
    assert (alone["explain_predictions"], alone["explain_out_of_fold"]) == (0, 1)
    differing = {name for name in whole | alone if whole[name] != alone[name]}
    assert {name for name in differing if "explain" not in name} <= {
        *("convert_scans", "check_scans", "preprocess_scans", "segment_batch", "restore_masks", "extract_radiomics"),
        *("cut_patches", "extract_latents", "draw_pages", "total"),
    }


def test_pages_are_drawn_for_no_more_participants_than_the_setting_says(planned):
    assert planned(EXTERNAL, report={"pages": 1})["draw_pages"] == 1
    assert planned(EXTERNAL, report={"pages": 0})["draw_pages"] == 0
    assert planned(EXTERNAL)["draw_pages"] > 1


def test_a_reduction_asks_for_memory_by_the_participants_it_holds(new_study):
    write_sheet(new_study.folder / "phantom", external=2)
    asked = new_study.snakemake("--dry-run", "results/features/models/all_final_vaegan/pipeline.skops")
    latents = 16 * (8**3 + 4**3)  # of the segmentation network in tiny.yaml, the largest block
    expected = 3000 + round(3 * DEVELOPMENT * latents * 4 / 10**6)
    assert f"mem_mb={expected}," in asked[asked.index("rule reduce_block") :]


def test_repeats_multiply_reductions_and_no_network_is_trained_for_them(planned):
    once, thrice = planned(EXTERNAL), planned(EXTERNAL, repeats=3)
    outcomes, blocks, folds = 4, 3, 2
    assert once["reduce_block"] == outcomes * folds * blocks + blocks
    assert thrice["reduce_block"] == 3 * outcomes * folds * blocks + blocks
    assert {name for name in once | thrice if once[name] != thrice[name]} == {"reduce_block"}
