"""Numbers are rounded and named as readers expect, and the words follow the settings."""

import math

import pandas as pd
import pytest

from ichdag.report import formatting, handcrafted, methods, report_tables, simulations


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.0004, "p", "< 0.001"),
        (0.0314, "p_holm", "0.031"),
        (math.nan, "p", "–"),
        (12.0, "n", "12"),
        (-0.04321, "difference", "−0.0432"),
        (1693.0, "features_count", "1693"),
        ("radiomics+segmentation+vaegan", "features", "Radiomics + U-Net + VAE-GAN"),
        ("expansion_9ml", "outcome", "Expansion > 9 mL"),
        (None, "note", "–"),
    ],
)
def test_a_cell_reads_as_in_a_journal(value, column, text):
    assert formatting.format_cell(value, column) == text


def test_an_interval_across_zero_is_joined_by_a_word():
    assert formatting.format_interval(0.01, -0.02, 0.04) == "0.01 (−0.02 to 0.04)"
    assert formatting.format_interval(0.7, 0.6, 0.8) == "0.70 (0.60–0.80)"
    assert formatting.format_interval(0.7, math.nan, math.nan) == "0.70"


def test_empty_columns_are_left_out_and_intervals_joined():
    frame = pd.DataFrame({"n": [3], "difference": [0.1], "low": [0.0], "high": [0.2], "note": [None]})
    table = formatting.make_table(frame, name="x", title="X", caption="", columns=["n", "difference:low:high", "note"])
    assert table.header == ["n", "Difference"]
    assert table.rows == [["3", "0.10 (0.00–0.20)"]]


def test_the_grid_marks_the_best_auc_of_each_setting(made_up):
    grid = report_tables.auc_grid(made_up.metrics(made_up.MODELS), "poor_outcome")
    best = [(name, place) for name, cells_ in grid["rows"] for place, pair in enumerate(cells_) if pair[0]["best"]]
    assert best == [("VAE-GAN latents", 5)]
    assert sum(pair[1]["best"] for _, cells_ in grid["rows"] for pair in cells_) == 1


def test_all_metrics_have_a_row_per_model_and_fold(made_up):
    result = report_tables.all_metrics(made_up.metrics(made_up.MODELS))
    assert len(result["rows"]) == 2 * 42 * 3
    assert result["header"][5:7] == ["AUC", "F1"]
    assert result["rows"][0][6] == "0.50 ± 0.05"


def test_versions_that_differ_between_jobs_are_told_apart():
    result = dict(report_tables.versions_list({"report": {"numpy": "2"}, "network": {"numpy": "3", "torch": "1"}}))
    assert result == {"numpy": "2 (report); 3 (network)", "torch": "1"}


def test_settings_are_listed_by_dotted_key():
    assert report_tables.settings_list({"a": {"b": [1, 2], "c": {}}, "d": "x"}) == [
        ("a.b", "1, 2"),
        ("a.c", "{}"),
        ("d", "x"),
    ]


def test_methods_tell_the_settings_of_the_run(config, made_up):
    result = made_up.study()
    changed = config | {"segmentation": config["segmentation"] | {"masks": "manual"}, "folds": 7}
    told = dict(methods.methods(changed, participants=result["participants"], metrics=result["metrics"]))
    assert "7-fold" in told["Models"] and "analysis were manual" in told["Segmentation"]
    assert "3 enrolled, 2 analyzed" in told["Participants"]
    assert "90 combinations" in told["Statistics"]


def test_methods_tell_of_repeats_if_there_are_any(config, made_up):
    result = made_up.study()
    given = {"participants": result["participants"], "metrics": result["metrics"]}
    told = [dict(methods.methods(config | {"repeats": times}, **given))["Models"] for times in (1, 10)]
    assert (
        "5-fold cross-validation stratified by outcome, done 10 times" in told[1]
        and "mean of the repeats' probabilities" in told[1]
    )
    assert "repeats" not in told[0]


@pytest.mark.parametrize(
    ("positives", "words"),
    [
        (9, "stratified by outcome and"),
        (
            8,
            "but not evenly for Expansion > 3 mL (participants were added or outcomes changed after the folds were "
            "drawn, or several participants are one person and stay in one fold) and",
        ),
    ],
)
def test_folds_are_called_stratified_only_where_their_counts_are_even(config, made_up, positives, words):
    result = made_up.study()
    pooled = result["metrics"].query("fold == 'pooled'")
    inner = pd.concat([pooled.assign(fold=str(fold), n=40, positives=10) for fold in range(5)])
    inner.loc[(inner.outcome == "expansion_3ml") & (inner.fold == "1"), "positives"] = positives
    metrics = pd.concat([result["metrics"], inner], ignore_index=True)
    told = dict(methods.methods(config, participants=result["participants"], metrics=metrics))["Models"]
    assert "5-fold cross-validation stratified by outcome" in told and words in told


def test_methods_tell_the_price_of_one_cross_validation_and_which_comparison_is_primary(config, made_up):
    result = made_up.study()
    given = {"participants": result["participants"], "metrics": result["metrics"]}
    once, often = (dict(methods.methods(config | {"repeats": times}, **given))["Statistics"] for times in (1, 2))
    assert "2.25 (1 + folds" in once and "estimated for each of them from the repeats" in often
    for words, way in ((once, "one cross-validation"), (often, "two repeats")):
        cost = simulations.SIMULATED[way]
        assert f"In simulations of {way} " in words and f"{cost['width'][0]} and {cost['width'][1]} times" in words
        told = [f"{none}% and {some}%" for none, some in (cost[name] for name in ("coverage", "size", "power"))]
        assert all(one in words for one in told)
    assert all("The primary comparison is that on external participants" in words for words in (once, often))
    alone = result["metrics"].query("fold != 'external'")
    told = dict(methods.methods(config, participants=result["participants"], metrics=alone))["Statistics"]
    assert "none is confirmatory" in told and "primary" not in told


def test_the_words_say_how_many_participants_are_fewer_persons_and_what_that_does_to_the_tests(config, made_up):
    result = made_up.study()
    people = result["participants"].assign(person_id=["a", None, "a", "b", "b", "c"])  # the second "a" is excluded
    given = {"participants": people, "metrics": result["metrics"]}
    told = dict(methods.methods(config, **given))["Statistics"]
    assert "3 external participants are 2 persons: intervals and tests treat them as independent" in told
    assert "development participants are" not in told and "so that the plain DeLong test is valid there" not in told
    assert "finds differences too often there" in told
    alone = given | {"participants": people.assign(person_id=list("abcdef"))}
    told = dict(methods.methods(config, **alone))["Statistics"]
    assert "so that the plain DeLong test is valid there" in told and "persons" not in told


def test_limits_follow_what_was_done(config, made_up):
    inner = made_up.metrics(made_up.MODELS).query("fold != 'external'")
    told = " ".join(methods.limits(config, metrics=inner))
    assert "no external cohort" in told and "synthetic" not in told and "best of 42" in told


def test_radiomics_are_told_from_the_parameter_file_that_was_used(config, made_up):
    result = made_up.study()
    statement = {
        "file": "mine.yaml",
        "columns": ["a"] * 112,
        "image_types": ["original"],
        "diagnostics": 5,
        "shape": 14,
        "per_image": 93,
        "custom": {"LoG": {"sigma": [1, 2]}},
        "settings": {"binWidth": 2, "resampledPixelSpacing": [1, 1, 5]},
        "left_out": ["glcm: Dissimilarity is not computed any more"],
        "versions": {"pyradiomics": "3.0.1", "numpy": "2", "SimpleITK": "3", "PyWavelets": "4"},
        "deviations": ["kurtosis is not reduced by 3"],
    }
    given = {"participants": result["participants"], "metrics": result["metrics"]}
    told = dict(methods.methods(config, radiomics=statement, **given))["Radiomics"]
    for words in ("112 radiomic columns", "3.0.1", "mine.yaml", "1, 1, 5 mm", "LoG sigma 1, 2", "kurtosis", "no norm"):
        assert words in told
    assert "Left out of the parameter file: glcm: Dissimilarity is not computed any more. Each filter" in told
    assert "Left out" not in dict(methods.methods(config, radiomics=statement | {"left_out": []}, **given))["Radiomics"]
    assert "Radiomics" not in dict(methods.methods(config, **given))
    features = dict(methods.methods(config, radiomics=statement, **given))["Features"]
    assert "pyradiomics on voxels resampled to 1, 1, 5 mm." in features and "own grid" not in features


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "on the scan's own grid and gray values"),
        ({"normalize": False}, "on the scan's own grid and gray values"),
        ({"normalize": True}, "on the scan's own grid, with normalized gray values"),
        ({"resampledPixelSpacing": [1, 1, 1]}, "on voxels resampled to 1, 1, 1 mm"),
        ({"resampledPixelSpacing": [0, 0, 0]}, "on the scan's own grid and gray values"),
        ({"resampledPixelSpacing": [0, 0, 5]}, "on voxels resampled to own, own, 5 mm"),
        (
            {"resampledPixelSpacing": [2, 2, 2], "normalize": True},
            "on voxels resampled to 2, 2, 2 mm, with normalized gray values",
        ),
    ],
)
def test_the_grid_of_radiomics_is_that_of_the_parameter_file(settings, words):
    """As pyradiomics reads it (imageoperations.resampleImage): an edge of 0 is the scan's own."""
    assert handcrafted.grid_words({"settings": settings}) == words
