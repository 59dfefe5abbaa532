"""Every figure draws from a table that follows its schema, keeps its numbers, and comes out the same twice."""

import xml.etree.ElementTree as ElementTree

import pytest
from matplotlib.figure import Figure

from ichdag.cohort.schemas import FLOW
from ichdag.evaluation.schemas import CALIBRATION, DECISION, METRICS
from ichdag.explanation.schemas import SHAP
from ichdag.figures.agreement import draw_bland_altman, select_bland_altman
from ichdag.figures.auc import draw_auc, draw_oracle, select_auc, select_oracle
from ichdag.figures.calibration import draw_calibration, select_calibration
from ichdag.figures.cohort_flow import draw_flow, select_flow
from ichdag.figures.decision import draw_decision, select_decision
from ichdag.figures.explanation import draw_shap
from ichdag.figures.learning_curves import draw_learning_curves
from ichdag.figures.ranks import draw_ranks, select_ranks
from ichdag.figures.schemas import BLAND_ALTMAN, DICE, RANKS
from ichdag.figures.segmentation import draw_dice, select_dice
from ichdag.figures.style import write_figure
from ichdag.segmentation.schemas import CURVES
from ichdag.tables import read_table, write_table

FIGURES = {
    "cohort_flow": (draw_flow, lambda found: select_flow(found["flow"]), FLOW),
    "dice": (draw_dice, lambda found: select_dice(found["scores"]), DICE),
    "auc": (draw_auc, lambda found: select_auc(found["metrics"]), METRICS),
    "oracle": (draw_oracle, lambda found: select_oracle(found["metrics"]), METRICS),
    "ranks": (draw_ranks, lambda found: select_ranks(found["metrics"]), RANKS),
    "calibration": (
        draw_calibration,
        lambda found: select_calibration(found["calibration"], metrics=found["metrics"]),
        CALIBRATION,
    ),
    "decision": (draw_decision, lambda found: select_decision(found["decision"], metrics=found["metrics"]), DECISION),
    "bland_altman": (draw_bland_altman, lambda found: select_bland_altman(found["scores"]), BLAND_ALTMAN),
    "learning_curves": (draw_learning_curves, lambda found: found["curves"], CURVES),
    "shap": (draw_shap, lambda found: found["shap"], SHAP),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_and_its_numbers_are_written_with_the_same_bytes_twice(name, tables, tmp_path):
    draw, select, schema = FIGURES[name]
    written = []
    for turn in ("one", "two"):
        table = select(tables)
        write_table(table, tmp_path / f"{turn}.tsv", schema)
        write_figure(draw, table, svg=tmp_path / f"{turn}.svg", png=tmp_path / f"{turn}.png", dpi=72)
        written.append([(tmp_path / f"{turn}.{kind}").read_bytes() for kind in ("svg", "png", "tsv")])
    assert written[0] == written[1]
    assert ElementTree.fromstring(written[0][0]).tag.endswith("svg")
    assert written[0][1].startswith(b"\x89PNG")
    assert len(read_table(tmp_path / "one.tsv", schema)) == len(table) > 0


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_without_data_says_so_and_does_not_fail(name, tables, tmp_path):
    draw, select, _ = FIGURES[name]
    write_figure(draw, select(tables).iloc[:0], svg=tmp_path / "a.svg", png=tmp_path / "a.png", dpi=72)
    assert (tmp_path / "a.svg").stat().st_size > 0


@pytest.mark.parametrize("name", ["auc", "oracle", "ranks", "decision"])
def test_a_study_without_known_truth_is_drawn_without_an_oracle(name, made_up, tmp_path):
    draw, select, _ = FIGURES[name]
    table = select(made_up.study(oracle=False))
    assert "oracle" not in set(table["features"])
    write_figure(draw, table, svg=tmp_path / "a.svg", png=tmp_path / "a.png", dpi=72)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_dice_of_a_study_without_external_participants_keeps_no_place_for_them(tables):
    for scores, places in ((tables["scores"], 4), (tables["scores"].query("role != 'external'"), 3)):
        figure = Figure()
        draw_dice(select_dice(scores), figure)
        assert len(figure.axes[0].get_xticks()) == places


def test_a_cohort_without_external_data_is_drawn(tables, tmp_path):
    metrics = tables["metrics"][tables["metrics"]["fold"] != "external"]
    table = select_auc(metrics)
    write_figure(draw_auc, table, svg=tmp_path / "a.svg", png=tmp_path / "a.png", dpi=72)
    assert set(table["fold"]) == {"pooled"}
