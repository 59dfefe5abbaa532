"""Parameter files: what is wrong in one is said at the start; which columns one makes is known before any scan."""

import json

import numpy as np
import pytest
from radiomics import getFeatureClasses

from ichdag.images import Volume
from ichdag.jobs import DataFault, StudyError
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract, extract_lesion
from ichdag.radiomics.parameter_description import describe_parameters
from ichdag.radiomics.parameters import column_names, read_parameters, validate_parameters

FAULTY = {
    "no such type": ("imageType: {Waves: {}}", "Waves"),
    "no such class": ("featureClass: {texture: }", "texture"),
    "no such key": ("settings: {binWidth: 2}", "settings is not a key of pyradiomics, write setting"),
    "no such setting": ("setting: {binwidth: 2}", "setting: pyradiomics has no binwidth: did you mean binWidth"),
    "no such feature": ("featureClass: {glcm: [Kontrast]}", "Kontrast: similar names are Contrast"),
    "a feature's old name": ("featureClass: {glcm: [Energy]}", "no features Energy: similar names are JointEnergy"),
    "features that are computed no more": (
        "featureClass: {glcm: [Dissimilarity]}",
        "equal to GLCM - Difference Average",
    ),
    "a key's old name": (
        "inputImage: {Original: {}}",
        "inputImage is not a key of pyradiomics, write imageType instead",
    ),
    "voxel maps": ("setting: {voxelBased: true}", "voxel maps, which are not made here"),
    "a setting of voxel maps": ("setting: {kernelRadius: 2}", "move it to voxelSetting"),
    "an interpolator that ITK has no more": (
        "setting: {interpolator: 3, resampledPixelSpacing: [1, 1, 1]}",
        r"interpolator: 3 is not an interpolator .* sitkBSpline \(3 in older",
    ),
    "resampling without interpolator": (
        "setting: {interpolator: , resampledPixelSpacing: [1, 1, 1]}",
        "without an interpolator resamples nothing",
    ),
    "voxels for no machine": ("setting: {resampledPixelSpacing: [0.001, 1, 1]}", "0.001 is finer than any head CT"),
    "voxels larger than a lesion": (
        "setting: {resampledPixelSpacing: [50, 50, 50]}",
        "50 gives no feature in any head",
    ),
    "no sigma in the list": ("imageType: {LoG: {sigma: []}}", "sigma is an empty list"),
    "nothing for sigma": ("imageType: {LoG: {sigma: }}", "sigma has no value"),
    "a sigma longer than a head": ("imageType: {LoG: {sigma: [1, 500]}}", "sigma: 500 gives no feature in any head CT"),
    "a sigma without extent": ("imageType: {LoG: {sigma: [1e-9]}}", "would be missing in all participants"),
    "a sigma alone": ("imageType: {LoG: {sigma: 3}}", "imageType: LoG: sigma: found 3, a list is needed"),
    "no distance": ("setting: {distances: []}", "distances is an empty list"),
    "bins of no width": ("setting: {binWidth: .nan}", "binWidth: nan is not a finite number"),
    "bins without end": ("imageType: {Square: {binWidth: .inf}}", "binWidth: inf is not a finite number"),
    "nothing for a width": ("setting: {binWidth: }", "binWidth has no value"),
    "bins for no machine": ("setting: {binCount: 1000000000000}", "binCount: 1000000000000 gives no feature"),
    "widths for no machine": ("setting: {binWidth: 1e-9}", "more than 16777216 bins of width 0.000000001"),
    "a limit that is none": ("setting: {resegmentRange: [.nan, 50]}", "resegmentRange: nan is not a finite number"),
    "limits that leave nothing": ("setting: {resegmentRange: [2], resegmentMode: relative}", "leaves no voxel"),
    "no limits": ("setting: {resegmentRange: []}", "resegmentRange is an empty list"),
    "outliers beyond no number": ("setting: {normalize: true, removeOutliers: .nan}", "removeOutliers: nan"),
    "a scale without end": ("setting: {normalize: true, normalizeScale: .inf}", "normalizeScale: inf"),
    "levels alike within too much": ("setting: {gldm_a: 1000000000000}", "gldm_a: 1000000000000"),
    "nothing for alike": ("setting: {gldm_a: }", "gldm_a has no value"),
    "a wavelet too deep": ("imageType: {Wavelet: {level: 1000000000}}", "level: 1000000000 gives no feature"),
    "no such plane": ("setting: {force2D: true, force2Ddimension: 3}", "force2Ddimension: found 3, at most 2 is"),
    "a mode that there is not": (
        "setting: {resegmentRange: [1], resegmentMode: foo}",
        r"resegmentMode: found 'foo', one of \['absolute', 'relative', 'sigma'\] is needed",
    ),
    "more voxels than a scan": ("setting: {minimumROISize: 1000000000000}", "minimumROISize: 1000000000000 gives"),
    "an empty file": ("", "it holds nothing"),
    "a value out of range": ("setting: {binWidth: -2}", "setting: binWidth: found -2, more than 0 is needed"),
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
        validate_parameters(parameter_file(text))


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
    "features of older releases": (
        "featureClass: {glcm: [Contrast, Dissimilarity, Homogeneity1, Homogeneity2, SumVariance], "
        "gldm: [DependencePercentage], firstorder: [StandardDeviation]}",
        {},
    ),
    "an interpolator by its number": ("setting: {interpolator: 2, resampledPixelSpacing: [1.5, 1.5, 3]}", {}),
    "an interpolator by its name": (
        "setting: {interpolator: sitkBSpline, resampledPixelSpacing: [1.5, 1.5, 3], padDistance: 0}",
        {},
    ),
    "a limit on one side": ("setting: {binWidth: 5, resegmentRange: [0, .inf]}", {}),
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
    found = validate_parameters(path)
    assert {key: found.settings[key] for key in settings} == settings
    one_slice = pair[1].values & (np.arange(28) == 12)
    mask = Volume(one_slice, pair[1].affine)
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    ours = extract_lesion(pair[0], mask=mask, settings=choice)
    label = 255 if "255" in text else 1
    theirs = made.stock(pair[0], mask, path, label=label)
    assert not ours.missing and set(ours.values) == {key for key in theirs if "diag" not in key or key in ours.values}
    assert not {key: value for key, value in made.differences(ours.values, theirs).items() if not value <= 1e-6}


def test_what_is_left_out_of_a_file_is_told_with_what_equals_it_and_logged(parameter_file, caplog):
    path = parameter_file(
        "featureClass: {glcm: [SumVariance, Contrast, Homogeneity2], gldm: [DependencePercentage]}\n"
        "setting: {enableCExtensions: true, verbose: false}\nimageType: {LoG: {sigma: [2], verbose: true}}"
    )
    found = describe_parameters(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    assert [name for name in found["columns"] if "diag" not in name] == ["log-sigma-2-mm-3D_glcm_Contrast"]
    told = "\n".join(found["left_out"])
    for words in ("Cluster Tendency", "Inverse Difference Moment", "always computes 1", "enableCExtensions", "verbose"):
        assert words in told
    assert len(found["left_out"]) == 5 and all(note in caplog.text for note in found["left_out"])


def test_every_feature_that_pyradiomics_lists_is_computed_or_left_out_as_it_leaves_it_out(parameter_file, pair, made):
    classes = {title: list(kind.getFeatureNames()) for title, kind in getFeatureClasses().items() if title != "shape2D"}
    path = parameter_file(f"featureClass: {json.dumps(classes)}\nsetting: {{binWidth: 2}}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    found = extract_lesion(pair[0], mask=pair[1], settings=choice)
    theirs = {name for name in made.stock(*pair, path) if "diagnostics" not in name}
    assert {name for name in found.values if "diagnostics" not in name} == theirs and not found.missing


def test_shapes_of_a_slice_are_missing_with_words_where_the_lesion_has_several(pair, parameter_file):
    path = parameter_file("setting: {force2D: true}\nfeatureClass: {shape2D: , firstorder: [Mean]}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    found = extract_lesion(pair[0], mask=pair[1], settings=choice)
    assert set(found.missing) == {name for name in found.values if "_shape2D_" in name}
    assert set(found.missing.values()) == {"shape2D is that of a lesion of one slice, this one has 5"}
    assert np.isfinite(found.values["original_firstorder_Mean"])


@pytest.mark.parametrize("label", [1, 255, 300])
def test_a_resegmentation_that_leaves_nothing_says_which_and_no_label(label, pair, parameter_file):
    path = parameter_file(f"setting: {{label: {label}, resegmentRange: [500, 900]}}")
    choice = RadiomicsSettings(path, drop_whole_image_diagnostics=True, truncate_resampled=False)
    with pytest.raises(DataFault) as told:
        extract_lesion(pair[0], mask=pair[1], settings=choice)
    assert told.value.reason == "resegmentRange [500, 900] (absolute) leaves fewer than two voxels of the lesion"


def test_a_missing_parameter_file_is_named(pair):
    with pytest.raises(StudyError, match="none.yaml not found"):
        extract(
            pair[0],
            mask=pair[1],
            settings=RadiomicsSettings("none.yaml", drop_whole_image_diagnostics=False, truncate_resampled=False),
        )


def test_the_shipped_file_is_valid_and_makes_1693_columns_without_repetition(settings):
    columns = column_names(validate_parameters(settings.parameters), drop_whole_image_diagnostics=False)
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
    found = describe_parameters(settings.parameters, drop_whole_image_diagnostics=False, truncate_resampled=False)
    assert len(found["columns"]) == 1693 == found["diagnostics"] + found["shape"] + 18 * found["per_image"]
    assert len(found["image_types"]) == 18 and found["versions"]["pyradiomics"] == "3.0.1"
    assert found["settings"]["binWidth"] == 2 and "Exponential" in found["custom"]
    told = " ".join(found["deviations"])
    assert "kurtosis" in told and "fixed width" in told and "resampling" not in told
    other = describe_parameters(
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
        found = describe_parameters(path, drop_whole_image_diagnostics=True, truncate_resampled=truncate)
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
