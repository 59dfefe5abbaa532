"""The comparison that the tests of reruns rest on sees what differs, and nothing else."""

import pandas as pd
import pytest
from equality import differences
from small import SmallStudy, overlaid


@pytest.fixture
def pair(tmp_path):
    """Two studies with the same few results."""
    studies = [SmallStudy(tmp_path / name) for name in ("study", "reference")]
    for study in studies:
        results = study.folder / "results"
        for name in ("cohort", "classification/cv", "features/models/all", "segmentation", "evaluation"):
            (results / name).mkdir(parents=True)
        (results / "cohort/participants.tsv").write_text("subject\tage\nD1\t60\nD2\tn/a\n")
        pd.DataFrame({"subject": ["D1"], "probability": [0.25]}).to_parquet(results / "classification/cv/a.parquet")
        (results / "features/models/all/card.json").write_text('{"name": "nmf", "run": {"seconds": 1}}')
        (results / "segmentation/sub-D1_desc-hematoma_mask.nii.gz").write_bytes(b"mask")
    return studies


def test_equal_studies_differ_in_nothing(pair):
    assert differences(*pair) == []


def test_all_that_differs_is_named_at_once_with_the_first_cells(pair):
    results = pair[0].folder / "results"
    (results / "cohort/participants.tsv").write_text("subject\tage\nD1\t61\nD2\tn/a\n")
    pd.DataFrame({"subject": ["D1"], "probability": [0.25 + 1e-16]}).to_parquet(results / "classification/cv/a.parquet")
    (results / "segmentation/sub-D1_desc-hematoma_mask.nii.gz").write_bytes(b"")
    assert differences(*pair) == [
        "classification/cv/a.parquet: 1 cells, row 0 probability: 0.2500000000000001, expected 0.25",
        "cohort/participants.tsv: 1 cells, row 0 age: 61, expected 60",
        "segmentation/sub-D1_desc-hematoma_mask.nii.gz: 0 bytes, expected 4",
    ]


def test_missing_results_rows_and_columns_are_named(pair):
    results = pair[0].folder / "results"
    (results / "segmentation/sub-D1_desc-hematoma_mask.nii.gz").unlink()
    (results / "cohort/participants.tsv").write_text("subject\tage\nD1\t60\n")
    pd.DataFrame({"subject": ["D1"], "risk": [0.25]}).to_parquet(results / "classification/cv/a.parquet")
    assert differences(*pair) == [
        "classification/cv/a.parquet: columns ['probability', 'risk']",
        "cohort/participants.tsv: 1 rows, expected 2",
        "segmentation/sub-D1_desc-hematoma_mask.nii.gz: missing",
    ]


def test_how_long_a_run_took_does_not_count_and_what_a_card_says_else_does(pair):
    card = pair[0].folder / "results/features/models/all/card.json"
    card.write_text('{"name": "nmf", "run": {"seconds": 2}}')
    assert differences(*pair) == []
    card.write_text('{"name": "pca", "run": {"seconds": 1}}')
    assert [line.split(":")[0] for line in differences(*pair)] == ["features/models/all/card.json"]


def test_what_a_gone_patient_left_does_not_count_and_a_reference_without_results_is_refused(pair):
    (pair[0].folder / "results/segmentation/sub-D2_desc-hematoma_mask.nii.gz").write_bytes(b"old")
    assert differences(*pair) == []
    with pytest.raises(AssertionError, match="no results"):
        differences(pair[0], SmallStudy(pair[1].folder / "nowhere"))


def test_settings_are_laid_over_others_at_every_depth():
    assert overlaid({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 4}, "e": 5}) == {"a": {"b": 1, "c": 4}, "d": 3, "e": 5}
