"""Pictures show the right slice the right way up."""

import numpy as np
import pytest

from ichdag.figures import pictures
from ichdag.figures.learning_curves import draw_samples, sample_pictures
from ichdag.figures.schemas import PICTURES
from ichdag.figures.style import write_figure
from ichdag.jobs import StudyError
from ichdag.tables import write_table

LOOKS = {"threshold": 0.5, "window_hu": (-20, 120)}


def _score(made_up):
    return next(made_up.scores().itertuples())


def test_an_example_is_the_slice_with_the_largest_lesion_in_hounsfield_units(made_up):
    grids, probability = made_up.pictured()
    picture = pictures.example_picture(_score(made_up), grids=grids, probability=probability, **LOOKS)
    assert picture.record["slice"] == 6
    assert picture.manual.sum() == 25 and picture.predicted.sum() == 16
    assert picture.image.max() == pytest.approx(0.7 * 140 - 20, abs=0.1)


def test_an_upright_slice_has_anterior_at_the_top_and_the_left_side_on_the_right():
    plane = np.zeros((4, 4))
    plane[0, 3] = 1  # patient's left, anterior, on a RAS grid
    assert pictures.upright(plane)[0, 3] == 1


def test_examples_go_from_the_worst_dice_to_the_best(made_up):
    chosen = pictures.choose_examples(made_up.scores(), role="development", examples=2)
    assert chosen["subject"].to_list() == ["d2", "d1"]
    assert pictures.choose_examples(made_up.scores(), role="development", examples=9)["dice"].to_list() == [
        0.7,
        0.8,
        0.9,
    ]


def test_a_score_without_a_probability_map_is_refused(made_up):
    with pytest.raises(StudyError, match="d0"):
        pictures.example_picture(_score(made_up), grids=made_up.pictured()[0], probability=None, **LOOKS)


def test_saliency_is_brought_to_the_fine_grid_and_cut_through_the_lesion(made_up):
    grids, _ = made_up.pictured()
    saliency = np.zeros((4, 4, 4), np.float32)
    saliency[1, 1, 2] = 2.0
    result = pictures.saliency_pictures(
        "e0", fine=grids["baseline_fine"], saliency=saliency, lesion=grids["baseline_mask"]
    )
    assert [picture.record["slice"] for picture in result] == [8, 7, 6]
    assert result[0].overlay.shape == (16, 16)
    assert result[0].record["score"] == pytest.approx(2.0, rel=0.4)


def test_pictures_are_written_with_the_same_bytes_twice(made_up, tmp_path):
    grids, probability = made_up.pictured()
    fine = grids["baseline_fine"].astype(np.float32)
    sets = {
        pictures.draw_examples: [
            pictures.example_picture(_score(made_up), grids=grids, probability=probability, **LOOKS)
        ],
        pictures.draw_reconstructions: pictures.patch_pictures("e0", patch=fine, reconstruction=fine * 0.9),
        pictures.draw_saliency: pictures.saliency_pictures("e0", fine=fine, saliency=np.eye(4)[..., None], lesion=None),
    }
    names = [f"{kind}/{place}" for kind in ("sample", "interpolation") for place in range(3)]
    sets[draw_samples] = sample_pictures(dict.fromkeys(names, fine))
    for draw, shown in sets.items():
        write_table(pictures.table_of(shown), tmp_path / "a.tsv", PICTURES)
        for name in "ab":
            write_figure(draw, shown, svg=tmp_path / f"{name}.svg", png=tmp_path / f"{name}.png", dpi=72)
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    "draw", [pictures.draw_examples, pictures.draw_reconstructions, pictures.draw_saliency, draw_samples]
)
def test_a_study_without_pictures_says_so(draw, tmp_path):
    write_figure(draw, [], svg=tmp_path / "a.svg", png=tmp_path / "a.png", dpi=72)
    assert (tmp_path / "a.svg").stat().st_size > 0
