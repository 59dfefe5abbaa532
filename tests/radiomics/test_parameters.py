"""Parameter files: what is wrong in one is said at the start; which columns one makes is known before any scan."""

import pytest

from ichdag.jobs import StudyError
from ichdag.radiomics.extraction import Settings, extract
from ichdag.radiomics.parameters import column_names, read_parameters, validated
from ichdag.radiomics.statement import describe

FAULTY = {
    "no such type": ("imageType: {Waves: {}}", "Waves"),
    "no such class": ("featureClass: {texture: }", "texture"),
    "no such key": ("settings: {binWidth: 2}", "settings"),
    "no such setting": ("setting: {binwidth: 2}", "binwidth"),
    "no such feature": ("featureClass: {glcm: [Kontrast]}", "Kontrast"),
    "a value out of range": ("setting: {binWidth: -2}", "binWidth"),
    "a filter that makes no image": ("imageType: {LoG: {}}", "LoG needs sigma"),
    "a filter whose package is not there": ("imageType: {LBP2D: {}}", "LBP2D"),
    "no such wavelet": ("imageType: {Wavelet: {wavelet: coif99}}", "coif99"),
    "a number that is a text": ("setting: {binWidth: 1e-3}", "two ways"),
    "no keys": ("just a sentence", "no keys"),
    "no YAML": ("setting: {binWidth: [", "not a pyradiomics parameter file"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_named_before_any_scan_is_read(fault, parameter_file):
    text, told = FAULTY[fault]
    with pytest.raises(StudyError, match=told):
        validated(parameter_file(text))


def test_a_missing_parameter_file_is_named(pair):
    with pytest.raises(StudyError, match="none.yaml not found"):
        extract(pair[0], mask=pair[1], settings=Settings("none.yaml", drop_whole_image_diagnostics=False))


def test_the_shipped_file_is_valid_and_makes_1693_columns_without_repetition(settings):
    columns = column_names(validated(settings.parameters), drop_whole_image_diagnostics=False)
    assert len(columns) == len(set(columns)) == 1693
    assert sum("_shape_" in name for name in columns) == 14 and sum("diagnostics" in name for name in columns) == 5
    images = {name.split("_")[0] for name in columns} - {"diagnostics"}
    assert len(images) == 18 and all(sum(name.startswith(f"{i}_") for name in columns) >= 93 for i in images)


def test_columns_follow_the_features_that_a_file_asks_for(parameter_file):
    path = parameter_file("featureClass: {glcm: [Id], shape: [Sphericity]}\nimageType: {LoG: {sigma: [1, 2.5]}}")
    found = column_names(read_parameters(path), drop_whole_image_diagnostics=True)
    assert found[2:] == [
        "original_shape_Sphericity",
        "log-sigma-1-mm-3D_glcm_Id",
        "log-sigma-2-5-mm-3D_glcm_Id",
    ]


def test_the_statement_counts_what_the_file_makes_and_names_the_deviations_that_apply(settings, parameter_file):
    found = describe(settings.parameters, drop_whole_image_diagnostics=False)
    assert len(found["columns"]) == 1693 == found["diagnostics"] + found["shape"] + 18 * found["per_image"]
    assert len(found["image_types"]) == 18 and found["versions"]["pyradiomics"] == "3.0.1"
    assert found["settings"]["binWidth"] == 2 and "Exponential" in found["custom"]
    told = " ".join(found["deviations"])
    assert "kurtosis" in told and "fixed width" in told and "resampling" not in told
    other = describe(
        parameter_file("setting: {binCount: 8, resampledPixelSpacing: [1, 1, 1]}"), drop_whole_image_diagnostics=True
    )
    told = " ".join(other["deviations"])
    assert "fixed width" not in told and "resampling" in told


def test_a_relative_path_is_the_studys_or_else_the_projects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_parameters("config/radiomics.yaml").settings["binWidth"] == 2
    (tmp_path / "config").mkdir()
    (tmp_path / "config/radiomics.yaml").write_text("setting: {binWidth: 7}")
    assert read_parameters("config/radiomics.yaml").settings["binWidth"] == 7
    with pytest.raises(StudyError, match="file mine.yaml not found"):
        read_parameters("mine.yaml")
