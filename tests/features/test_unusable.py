"""One infinite cell leaves its participant out, with stage and reason, counted, and the study goes on without."""

import numpy as np
import pandas as pd
import pytest

from ichdag.arrays import link_stores, write_store
from ichdag.cohort.assembly import assemble, count_flow, judge_features
from ichdag.cohort.schemas import FLOW, PARTICIPANTS
from ichdag.features import FeaturesSettings, fit_reduction, reduce_block
from ichdag.features.blocks import read_block
from ichdag.features.subjects import included
from ichdag.jobs import StudyError
from ichdag.latent.exclusion import check_encoder, latent_status
from ichdag.latent.schemas import LATENTS
from ichdag.nonfinite import describe_nonfinite
from ichdag.radiomics.schemas import FEATURES
from ichdag.tables import read_table, write_table

PEOPLE = [f"s{number:02d}" for number in range(12)]
BAD = {"s03": ("radiomics", np.inf), "s05": ("segmentation", np.nan), "s08": ("vaegan", -np.inf)}
OUTCOMES = {"poor_outcome": "mrs > 3"}
SETTINGS = FeaturesSettings(rank=2, init="nndsvda", max_iter=50, tolerance=1e-3)


@pytest.fixture
def study(tmp_path):
    """The feature blocks of twelve participants as their stages leave them, three of whom have one bad cell each."""
    random = np.random.default_rng(0)
    values = {name: random.random((12, 6)) for name in ("radiomics", "segmentation", "vaegan")}
    for subject, (name, value) in BAD.items():
        values[name][PEOPLE.index(subject), 4] = value
    values["radiomics"][1, 1] = np.nan  # lacking, which is allowed
    table = pd.DataFrame(values["radiomics"], columns=[f"original_glcm_{letter}" for letter in "ABCDEF"])
    table.insert(0, "subject", PEOPLE)
    table = table.assign(status="included", reason=None, missing=None)
    table.loc[11, ["status", "reason"]] = ["excluded", "the mask is empty"]
    write_table(table, tmp_path / "radiomics.parquet", FEATURES)
    batches = {"0": PEOPLE[:6], "1": PEOPLE[6:11]}
    for batch, members in batches.items():
        items = [
            (f"{subject}/{name}", values[name][PEOPLE.index(subject)].astype(np.float32))
            for subject in members
            for name in ("segmentation", "vaegan")
        ]
        write_store(tmp_path / f"{batch}.h5", items)
    stores = [tmp_path / f"{batch}.h5" for batch in batches]
    link_stores(tmp_path / "latents.h5", stores)
    write_table(latent_status(stores), tmp_path / "latents.tsv", LATENTS)
    return tmp_path


@pytest.fixture
def cohort(study):
    """The cohort table of the study."""
    rows = [{"participant_id": f"sub-{one}", "cohort": "trial", "role": "development", "mrs": 4.0} for one in PEOPLE]
    times = pd.MultiIndex.from_product([PEOPLE, ["baseline", "followup"]], names=["subject", "timepoint"])
    scans = times.to_frame(index=False).assign(status="included", stage=None, reason=None, manual_volume_ml=5.0)
    volumes = pd.DataFrame({"subject": PEOPLE, "status": "included", "stage": None, "reason": None})
    volumes = volumes.assign(baseline_predicted_ml=5.0, followup_predicted_ml=6.0)
    features = read_table(study / "radiomics.parquet", FEATURES)
    result = {"scans": scans, "volumes": volumes, "features": features}
    table = assemble(
        rows, **result, latents=read_table(study / "latents.tsv", LATENTS), outcomes=OUTCOMES, source="masks"
    )
    write_table(table, study / "cohort.tsv", PARTICIPANTS)
    return read_table(study / "cohort.tsv", PARTICIPANTS)


def test_whoever_has_a_bad_cell_is_excluded_at_the_stage_that_made_it(cohort):
    out = cohort[cohort.status == "excluded"].set_index("subject")[["stage", "reason"]].T.to_dict("list")
    assert out == {
        "s03": ["radiomics", "infinite features: 1 of 6, original_glcm_E first"],
        "s05": ["latent", "segmentation latents that are not finite: 1 of 6, column 4 first"],
        "s08": ["latent", "vaegan latents that are not finite: 1 of 6, column 4 first"],
        "s11": ["radiomics", "the mask is empty"],
    }


def test_whoever_is_excluded_is_counted_in_the_flow(cohort, tmp_path):
    write_table(count_flow(cohort, outcomes=OUTCOMES), tmp_path / "flow.tsv", FLOW)
    flow = read_table(tmp_path / "flow.tsv", FLOW)
    assert flow[flow.step == "excluded"].set_index("reason").n.to_dict() == {
        "radiomics: infinite features": 1,
        "radiomics: the mask is empty": 1,
        "latent: segmentation latents that are not finite": 1,
        "latent: vaegan latents that are not finite": 1,
    }
    assert flow[flow.step.isin(["enrolled", "included"])].n.tolist() == [12, 8]


@pytest.mark.parametrize("name", ["radiomics", "segmentation", "vaegan"])
def test_the_others_are_reduced_as_if_nobody_had_been_left_out(cohort, study, name):
    people = included(cohort)
    assert people == [subject for subject in PEOPLE if subject not in {*BAD, "s11"}]
    path = study / ("radiomics.parquet" if name == "radiomics" else "latents.h5")
    block = read_block(path, name=name, subjects=people)
    reducer = fit_reduction(block, training=6, settings=SETTINGS, seed=0)
    limits = {"width": 6} | ({"columns": block.columns} if block.columns else {})
    reduced = reduce_block(block, reducer=reducer, limits=limits)
    assert reduced.subject.tolist() == people and np.isfinite(reduced.iloc[:, 1:].to_numpy()).all()


def test_latents_of_nobody_that_can_be_used_are_the_encoder_s_fault(study, tmp_path):
    check_encoder(latent_status([study / "0.h5", study / "1.h5"]))
    write_store(tmp_path / "all.h5", [(f"{one}/vaegan", np.array([np.nan])) for one in "ab"])
    with pytest.raises(StudyError, match="the latents of all 2 participants are not finite.*train it anew"):
        check_encoder(latent_status([tmp_path / "all.h5"]))
    check_encoder(latent_status([study / "0.h5"]).iloc[:0])


def test_nobody_has_an_empty_table(tmp_path):
    write_store(tmp_path / "none.h5", [])
    write_table(latent_status([tmp_path / "none.h5"]), tmp_path / "none.tsv", LATENTS)
    assert read_table(tmp_path / "none.tsv", LATENTS).empty


def test_an_earlier_exclusion_keeps_its_reason():
    table = pd.DataFrame({"subject": ["a"], "status": ["excluded"], "reason": ["no mask"], "x": [np.inf]})
    assert judge_features(table).reason.tolist() == ["no mask"]


def test_what_is_missing_is_no_fault_where_it_may_be():
    cells = np.array([1.0, np.nan, 3.0])
    assert describe_nonfinite(cells, what="features", may_lack=True) is None
    assert describe_nonfinite(cells, what="x latents", may_lack=False) == (
        "x latents that are not finite: 1 of 3, column 1 first"
    )
