"""Masks scored: surfaces, lesions comparison and missed, and one network against the other."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from ichdag.images import Volume
from ichdag.segmentation.comparison import compare_variants
from ichdag.segmentation.schemas import COMPARISON, SCORES
from ichdag.segmentation.scores import lesion_counts, score_mask, surface_distances_mm
from ichdag.tables import read_table, write_table

AFFINE = np.diag([4.0, 4.0, 5.0, 1.0])  # 0.08 mL a voxel


def mask_of(*boxes):
    values = np.zeros((40, 40, 24), bool)
    for low, edge in boxes:
        values[tuple(slice(start, start + edge) for start in low)] = True
    return Volume(values, AFFINE)


def test_the_mean_surface_distance_is_monai_s():
    from monai.metrics import SurfaceDistanceMetric

    random = np.random.default_rng(0)
    for _ in range(3):
        mask, manual = (mask_of((random.integers(3, 12, 3), 8), (random.integers(3, 12, 3), 5)) for _ in range(2))
        metric = SurfaceDistanceMetric(symmetric=True, include_background=True)
        tensors = [torch.from_numpy(volume.values)[None, None].float() for volume in (mask, manual)]
        expected = metric(*tensors, spacing=[4.0, 4.0, 5.0]).item()
        assert surface_distances_mm(mask, manual=manual)[1] == pytest.approx(expected, rel=0.02)
    assert surface_distances_mm(mask, manual=mask) == (0, 0)
    assert np.isnan(surface_distances_mm(mask, manual=mask_of())).all()


def test_missed_and_false_lesions_are_counted_by_size():
    small, medium, large = ((2, 2, 2), 2), ((10, 10, 2), 4), ((20, 20, 2), 8)  # 0.64, 5.1 and 41 mL
    counts = lesion_counts(mask_of(((21, 21, 3), 2), ((30, 2, 2), 2)), manual=mask_of(small, medium, large))
    assert [counts[f"lesions_{size}"] for size in ("below_1ml", "1_to_10ml", "above_10ml")] == [1, 1, 1]
    assert [counts[f"missed_{size}"] for size in ("below_1ml", "1_to_10ml", "above_10ml")] == [1, 1, 0]
    assert [counts[f"false_{size}"] for size in ("below_1ml", "1_to_10ml", "above_10ml")] == [1, 0, 0]


def test_without_a_manual_mask_only_the_predicted_volume_is_known():
    scores = score_mask(mask_of(((2, 2, 2), 2)), manual=None)
    assert {name for name, value in scores.items() if value is not None} == {"predicted_ml"}


def scores_of(dual, single, role="development"):
    rows = [
        (f"S{place}", role, variant, str(place % 5) if role == "development" else "final", value, 2.0, 1.0, 10.0, 11.0)
        for variant, values in (("dual", dual), ("single", single))
        for place, value in enumerate(values)
    ]
    names = ["subject", "role", "variant", "fold", "dice", "hd95_mm", "surface_mm", "manual_ml", "predicted_ml"]
    return pd.DataFrame(rows, columns=names)


def test_networks_are_compared_over_participants_and_over_folds():
    from scipy.stats import wilcoxon

    random = np.random.default_rng(0)
    single = random.uniform(0.6, 0.8, 20)
    dual = single + random.uniform(-0.02, 0.1, 20)
    table = compare_variants(scores_of(dual, single)).set_index(["unit", "score"])
    people, folds = table.loc[("participants", "dice")], table.loc[("folds", "dice")]
    assert people["p"] == pytest.approx(wilcoxon(dual, single).pvalue) and people["n"] == 20
    assert people["difference"] == pytest.approx(np.median(dual - single))
    assert people["better"] == pytest.approx((dual > single).mean())
    assert folds["n"] == 5 and folds["smallest_reachable_p"] == 0.0625 and folds["p"] >= 0.0625


def test_a_score_that_is_the_same_for_both_networks_has_no_p():
    table = compare_variants(scores_of([0.8, 0.7], [0.7, 0.8], role="external")).set_index("score")
    assert np.isnan(table.loc["hd95_mm", "p"]) and table.loc["hd95_mm", "better"] == 0.5
    assert set(table["unit"]) == {"participants"}


def test_participants_scored_by_one_network_alone_are_left_out():
    scores = scores_of([0.8, 0.7, 0.6], [0.7, 0.8, np.nan], role="external")
    assert compare_variants(scores)["n"].to_list() == [2, 2, 2, 2]


def test_a_study_without_an_external_cohort_joins_and_compares_its_scores(tmp_path, monkeypatch):
    scores = scores_of([0.8, 0.7, 0.9], [0.7, 0.6, 0.8])
    scores = scores.reindex(columns=SCORES.column_names)
    paths = {name: tmp_path / f"{name}.tsv" for name in ("development", "external", "scores", "comparison")}
    write_table(scores, paths["development"], SCORES)
    write_table(pd.DataFrame([], columns=scores.columns), paths["external"], SCORES)
    monkeypatch.setattr("ichdag.jobs.start_job_log", lambda job: None)
    job = SimpleNamespace(input=SimpleNamespace(scores=[paths["development"], paths["external"]]))
    job.output = SimpleNamespace(scores=paths["scores"], comparison=paths["comparison"])
    script = Path(__file__).parents[2] / "workflow/scripts/join_scores.py"
    runpy.run_path(str(script), init_globals={"snakemake": job})
    comparison = read_table(paths["comparison"], COMPARISON).set_index(["unit", "score"])
    assert len(read_table(paths["scores"], SCORES)) == len(scores) and set(comparison["role"]) == {"development"}
    assert comparison.loc[("participants", "dice"), "difference"] == pytest.approx(0.1)
