"""Parameter files: what is wrong in one is said at the start; which columns one makes is known before any scan."""

import numpy as np
import pytest

from ichdag.images import Volume
from ichdag.jobs import DataFault, StudyError
from ichdag.radiomics.extraction import Settings, extract, extract_lesion
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
    "a filter whose package is not there": ("imageType: {LBP2D: {}}", "local_binary_pattern of skimage.feature"),
    "a filter whose package is not there either": ("imageType: {LBP3D: {}}", "icosphere of trimesh.creation"),
    "shapes of a slice that nothing computes": ("featureClass: {shape2D: }", "only with force2D: true"),
    "voxel sizes of two axes": ("setting: {resampledPixelSpacing: [1, 1]}", "needs 3 numbers"),
    "three limits": ("setting: {resegmentRange: [0, 50, 90]}", "needs 1 or 2 numbers"),
    "no such wavelet": ("imageType: {Wavelet: {wavelet: coif99}}", "coif99"),
    "a number that is a text": ("setting: {binWidth: '25'}", "binWidth: 25 is a text"),
    "a number that is a text for one image": ("imageType: {Wavelet: {binWidth: '1e-1'}}", "binWidth: 1e-1 is a text"),
    "a yes that is a text": ("setting: {normalize: yes}", "normalize"),
    "no keys": ("just a sentence", "not a pyradiomics parameter file"),
    "aliases that multiply": (
        "a0: &a0 {k: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
        "more than 100000 values",
    ),
    "no YAML": ("setting: {binWidth: [", "not a pyradiomics parameter file"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_named_before_any_scan_is_read(fault, parameter_file):
    text, told = FAULTY[fault]
    with pytest.raises(StudyError, match=told):
        validated(parameter_file(text))


ACCEPTED = {  # as in the example files of pyradiomics and those of published studies
    "powers of ten": (
        "setting: {geometryTolerance: 1e-5, binWidth: 5.e-1}",
        {"geometryTolerance": 1e-5, "binWidth": 0.5},
    ),
    "written out": ("setting: {geometryTolerance: 1e-05, binWidth: 5}", {"geometryTolerance": 1e-5}),
    "settings of voxel maps": (
        "setting: {binWidth: 25, force2D: true}\nfeatureClass: {glcm: [JointEntropy]}\n"
        "voxelSetting: {kernelRadius: 2, maskedKernel: true, initValue: nan, voxelBatch: 10000}",
        {"kernelRadius": 2, "voxelBatch": 10000},
    ),
    "another label": ("setting: {label: 255, label_channel: 1, binWidth: 5}", {"label": 1}),
    "nothing said": (
        "setting: {resampledPixelSpacing: , weightingNorm: , interpolator: sitkBSpline}\n"
        "featureClass: {firstorder: []}",
        {"resampledPixelSpacing": None, "weightingNorm": None},
    ),
    "deprecated shapes": ("featureClass: {shape: [Compactness1, Compactness2, SphericalDisproportion]}", {}),
    "slices": (
        "featureClass: {shape2D: , firstorder: }\n"
        "setting: {normalize: true, normalizeScale: 100, resampledPixelSpacing: [2, 2, 0], force2D: true}",
        {"force2D": True, "resampledPixelSpacing": [2, 2, 0]},
    ),
    "JSON": ('{"setting": {"binWidth": 2e1}, "imageType": {"Original": {}}}', {"binWidth": 20}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_files_are_read_as_pyradiomics_reads_them(name, parameter_file, pair, made):
    text, settings = ACCEPTED[name]
    path = parameter_file(text)
    found = validated(path)
    assert {key: found.settings[key] for key in settings} == settings
    one_slice = pair[1].values & (np.arange(28) == 12)
    mask = Volume(one_slice, pair[1].affine)
    choice = Settings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    ours = extract_lesion(pair[0], mask=mask, settings=choice)
    label = 255 if "255" in text else 1
    theirs = made.stock(pair[0], mask, path, label=label)
    assert not ours.missing and set(ours.values) == {key for key in theirs if "diag" not in key or key in ours.values}
    assert not {key: value for key, value in made.differences(ours.values, theirs).items() if not value <= 1e-6}


def test_shapes_of_a_slice_are_missing_with_words_where_the_lesion_has_several(pair, parameter_file):
    path = parameter_file("setting: {force2D: true}\nfeatureClass: {shape2D: , firstorder: [Mean]}")
    choice = Settings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    found = extract_lesion(pair[0], mask=pair[1], settings=choice)
    assert set(found.missing) == {name for name in found.values if "_shape2D_" in name}
    assert set(found.missing.values()) == {"shape2D is that of a lesion of one slice, this one has 5"}
    assert np.isfinite(found.values["original_firstorder_Mean"])


@pytest.mark.parametrize("label", [1, 255, 300])
def test_a_resegmentation_that_leaves_nothing_says_which_and_no_label(label, pair, parameter_file):
    path = parameter_file(f"setting: {{label: {label}, resegmentRange: [500, 900]}}")
    choice = Settings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    with pytest.raises(DataFault) as told:
        extract_lesion(pair[0], mask=pair[1], settings=choice)
    assert told.value.reason == "resegmentRange [500, 900] (absolute) leaves fewer than two voxels of the lesion"


def test_a_missing_parameter_file_is_named(pair):
    with pytest.raises(StudyError, match="none.yaml not found"):
        extract(
            pair[0],
            mask=pair[1],
            settings=Settings("none.yaml", drop_whole_image_diagnostics=False, truncate_resampled=False),
        )


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
    found = describe(settings.parameters, drop_whole_image_diagnostics=False, truncate_resampled=False)
    assert len(found["columns"]) == 1693 == found["diagnostics"] + found["shape"] + 18 * found["per_image"]
    assert len(found["image_types"]) == 18 and found["versions"]["pyradiomics"] == "3.0.1"
    assert found["settings"]["binWidth"] == 2 and "Exponential" in found["custom"]
    told = " ".join(found["deviations"])
    assert "kurtosis" in told and "fixed width" in told and "resampling" not in told
    other = describe(
        parameter_file("setting: {binCount: 8, resampledPixelSpacing: [1, 1, 1]}"),
        drop_whole_image_diagnostics=True,
        truncate_resampled=False,
    )
    told = " ".join(other["deviations"])
    assert "fixed width" not in told and "resampling" in told


def test_the_statement_says_where_bins_start_and_what_becomes_of_fractions_as_the_settings_have_it(parameter_file):
    """IBSI starts bins at the lower bound of resegmentation by gray value, else at the smallest gray value."""

    def told(setting, truncate=False):
        path = parameter_file(f"setting: {{{setting}}}")
        found = describe(path, drop_whole_image_diagnostics=True, truncate_resampled=truncate)
        return " ".join(found["deviations"])

    assert "not at the lesion's smallest gray value" in told("binWidth: 25")
    assert "not at the lower bound of resegmentation" in told("binWidth: 25, resegmentRange: [-1000, 400]")
    assert "not at the lesion's smallest gray value" in told("resegmentRange: [-3, 3], resegmentMode: sigma")
    assert "bins of fixed" not in told("binCount: 32, resegmentRange: [-1000, 400]")
    resampled = "resampledPixelSpacing: [2, 2, 2]"
    assert "not rounded to whole HU" in told(resampled) and "cut to whole HU" in told(resampled, truncate=True)
    assert "whole HU" not in told(f"{resampled}, normalize: true", truncate=True) and "whole HU" not in told(
        "binWidth: 2"
    )


def test_a_relative_path_is_the_studys_or_else_the_projects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_parameters("config/radiomics.yaml").settings["binWidth"] == 2
    (tmp_path / "config").mkdir()
    (tmp_path / "config/radiomics.yaml").write_text("setting: {binWidth: 7}")
    assert read_parameters("config/radiomics.yaml").settings["binWidth"] == 7
    with pytest.raises(StudyError, match="file mine.yaml not found"):
        read_parameters("mine.yaml")
