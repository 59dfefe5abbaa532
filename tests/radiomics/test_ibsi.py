"""The IBSI-1 digital phantom: the consensus where pyradiomics follows it, the deviations it documents, as such.

The phantom is read where the public data lie beside the repository; its values are those of Zwanenburg et al. 2020.
"""

from pathlib import Path

import pandas as pd
import pytest

from ichdag.images import read_mask, read_scan
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract

PHANTOM = Path(__file__).parents[3] / "shared" / "data" / "ibsi_digital_phantom"
SIGNIFICANT = 0.005  # the consensus values are given with three significant digits
FOLLOWED = {
    "shape": {
        "MeshVolume": "morph_volume", "VoxelVolume": "morph_vol_approx", "SurfaceArea": "morph_area_mesh",
        "SurfaceVolumeRatio": "morph_av", "Sphericity": "morph_sphericity", "Maximum3DDiameter": "morph_diam",
        "Elongation": "morph_pca_elongation",
        "Flatness": "morph_pca_flatness",
    },
    "firstorder": {
        "Mean": "stat_mean", "Variance": "stat_var", "Skewness": "stat_skew", "Median": "stat_median",
        "Minimum": "stat_min", "10Percentile": "stat_p10", "90Percentile": "stat_p90", "Maximum": "stat_max",
        "InterquartileRange": "stat_iqr", "Range": "stat_range", "MeanAbsoluteDeviation": "stat_mad",
        "RobustMeanAbsoluteDeviation": "stat_rmad", "Energy": "stat_energy", "RootMeanSquared": "stat_rms",
        "Entropy": "ih_entropy", "Uniformity": "ih_uniformity",
    },
    "glcm": {
        "MaximumProbability": "cm_joint_max_3D_avg", "JointAverage": "cm_joint_avg_3D_avg",
        "SumSquares": "cm_joint_var_3D_avg", "JointEntropy": "cm_joint_entr_3D_avg",
        "DifferenceAverage": "cm_diff_avg_3D_avg", "DifferenceVariance": "cm_diff_var_3D_avg",
        "DifferenceEntropy": "cm_diff_entr_3D_avg", "SumAverage": "cm_sum_avg_3D_avg",
        "SumEntropy": "cm_sum_entr_3D_avg", "JointEnergy": "cm_energy_3D_avg", "Contrast": "cm_contrast_3D_avg",
        "Id": "cm_inv_diff_3D_avg", "Idn": "cm_inv_diff_norm_3D_avg", "Idm": "cm_inv_diff_mom_3D_avg",
        "Idmn": "cm_inv_diff_mom_norm_3D_avg", "InverseVariance": "cm_inv_var_3D_avg",
        "Correlation": "cm_corr_3D_avg", "Autocorrelation": "cm_auto_corr_3D_avg",
        "ClusterTendency": "cm_clust_tend_3D_avg", "ClusterShade": "cm_clust_shade_3D_avg",
        "ClusterProminence": "cm_clust_prom_3D_avg", "Imc1": "cm_info_corr1_3D_avg", "Imc2": "cm_info_corr2_3D_avg",
    },
    "glrlm": {
        "ShortRunEmphasis": "rlm_sre_3D_avg", "LongRunEmphasis": "rlm_lre_3D_avg",
        "LowGrayLevelRunEmphasis": "rlm_lgre_3D_avg", "HighGrayLevelRunEmphasis": "rlm_hgre_3D_avg",
        "ShortRunLowGrayLevelEmphasis": "rlm_srlge_3D_avg", "ShortRunHighGrayLevelEmphasis": "rlm_srhge_3D_avg",
        "LongRunLowGrayLevelEmphasis": "rlm_lrlge_3D_avg", "LongRunHighGrayLevelEmphasis": "rlm_lrhge_3D_avg",
        "GrayLevelNonUniformity": "rlm_glnu_3D_avg", "GrayLevelNonUniformityNormalized": "rlm_glnu_norm_3D_avg",
        "RunLengthNonUniformity": "rlm_rlnu_3D_avg", "RunLengthNonUniformityNormalized": "rlm_rlnu_norm_3D_avg",
        "RunPercentage": "rlm_r_perc_3D_avg", "GrayLevelVariance": "rlm_gl_var_3D_avg",
        "RunVariance": "rlm_rl_var_3D_avg", "RunEntropy": "rlm_rl_entr_3D_avg",
    },
    "glszm": {
        "SmallAreaEmphasis": "szm_sze_3D", "LargeAreaEmphasis": "szm_lze_3D",
        "LowGrayLevelZoneEmphasis": "szm_lgze_3D", "HighGrayLevelZoneEmphasis": "szm_hgze_3D",
        "SmallAreaLowGrayLevelEmphasis": "szm_szlge_3D", "SmallAreaHighGrayLevelEmphasis": "szm_szhge_3D",
        "LargeAreaLowGrayLevelEmphasis": "szm_lzlge_3D", "LargeAreaHighGrayLevelEmphasis": "szm_lzhge_3D",
        "GrayLevelNonUniformity": "szm_glnu_3D", "GrayLevelNonUniformityNormalized": "szm_glnu_norm_3D",
        "SizeZoneNonUniformity": "szm_zsnu_3D", "SizeZoneNonUniformityNormalized": "szm_zsnu_norm_3D",
        "ZonePercentage": "szm_z_perc_3D", "GrayLevelVariance": "szm_gl_var_3D", "ZoneVariance": "szm_zs_var_3D",
        "ZoneEntropy": "szm_zs_entr_3D",
    },
    "gldm": {
        "SmallDependenceEmphasis": "ngl_lde_3D", "LargeDependenceEmphasis": "ngl_hde_3D",
        "LowGrayLevelEmphasis": "ngl_lgce_3D", "HighGrayLevelEmphasis": "ngl_hgce_3D",
        "SmallDependenceLowGrayLevelEmphasis": "ngl_ldlge_3D", "SmallDependenceHighGrayLevelEmphasis": "ngl_ldhge_3D",
        "LargeDependenceLowGrayLevelEmphasis": "ngl_hdlge_3D", "LargeDependenceHighGrayLevelEmphasis": "ngl_hdhge_3D",
        "GrayLevelNonUniformity": "ngl_glnu_3D", "DependenceNonUniformity": "ngl_dcnu_3D",
        "DependenceNonUniformityNormalized": "ngl_dcnu_norm_3D", "GrayLevelVariance": "ngl_gl_var_3D",
        "DependenceVariance": "ngl_dc_var_3D", "DependenceEntropy": "ngl_dc_entr_3D",
    },
    "ngtdm": {
        "Coarseness": "ngt_coarseness_3D", "Contrast": "ngt_contrast_3D", "Busyness": "ngt_busyness_3D",
        "Complexity": "ngt_complexity_3D", "Strength": "ngt_strength_3D",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def consensus():
    """Consensus value and tolerance by IBSI tag."""
    if not PHANTOM.is_dir():
        pytest.skip(f"the IBSI digital phantom is not at {PHANTOM.parent.name}/{PHANTOM.name} beside the repository")
    table = pd.read_csv(PHANTOM / "reference_values.csv", sep=";").set_index("tag")
    return table.astype(float)


@pytest.fixture(scope="module")
def found(consensus, tmp_path_factory):
    """Our values of the phantom: gray levels 1 to 6, bins of one gray level, no filter."""
    path = tmp_path_factory.mktemp("ibsi") / "parameters.yaml"
    path.write_text("setting: {binWidth: 1}\nimageType: {Original: {}}")
    scan = read_scan(PHANTOM / "nifti/image/phantom.nii.gz")
    mask = read_mask(PHANTOM / "nifti/mask/mask.nii.gz")
    return extract(
        scan,
        mask=mask,
        settings=RadiomicsSettings(str(path), drop_whole_image_diagnostics=True, truncate_resampled=False),
    )


@pytest.mark.parametrize("title", FOLLOWED)
def test_the_consensus_is_met_within_its_tolerance(title, found, consensus):
    wrong = {}
    for feature, tag in FOLLOWED[title].items():
        ours, (value, tolerance) = found[f"original_{title}_{feature}"], consensus.loc[tag]
        if not abs(ours - value) <= max(tolerance, SIGNIFICANT * abs(value)):
            wrong[feature] = ours, value
    assert not wrong


def test_every_feature_is_compared_or_has_no_consensus():
    others = {"firstorder": 2, "shape": 6, "glcm": 1}  # kurtosis, total energy; axes, diameters in a plane; MCC
    counts = {"shape": 14, "firstorder": 18, "glcm": 24, "glrlm": 16, "glszm": 16, "gldm": 14, "ngtdm": 5}
    assert {title: len(FOLLOWED[title]) + others.get(title, 0) for title in counts} == counts


def test_kurtosis_is_three_above_the_consensus_as_pyradiomics_documents(found, consensus):
    assert found["original_firstorder_Kurtosis"] - 3 == pytest.approx(consensus.loc["stat_kurt"].iloc[0], abs=0.001)


def test_axis_lengths_divide_by_the_number_of_voxels_where_the_consensus_takes_one_less(found, consensus):
    tags = {"Major": "morph_pca_maj_axis", "Minor": "morph_pca_min_axis", "Least": "morph_pca_least_axis"}
    voxels = found["diagnostics_Mask-original_VoxelNum"]
    for name, tag in tags.items():
        ours = found[f"original_shape_{name}AxisLength"] * (voxels / (voxels - 1)) ** 0.5
        assert abs(ours - consensus.loc[tag].iloc[0]) <= SIGNIFICANT * ours


def test_bins_start_at_a_multiple_of_their_width_as_pyradiomics_documents(consensus, tmp_path):
    """With a width of 2 from the smallest gray value, IBSI would bin 1-6 as 12 34 56; pyradiomics bins 1 23 45 6."""
    path = tmp_path / "parameters.yaml"
    path.write_text("setting: {binWidth: 2}\nimageType: {Original: {}}\nfeatureClass: {firstorder: [Uniformity]}")
    scan = read_scan(PHANTOM / "nifti/image/phantom.nii.gz")
    mask = read_mask(PHANTOM / "nifti/mask/mask.nii.gz")
    values = pd.Series(scan.values[mask.values])
    found = extract(
        scan,
        mask=mask,
        settings=RadiomicsSettings(str(path), drop_whole_image_diagnostics=True, truncate_resampled=False),
    )
    shares = (values // 2).value_counts(normalize=True)
    assert found["original_firstorder_Uniformity"] == pytest.approx((shares**2).sum())
    ibsi = ((values - values.min()) // 2).value_counts(normalize=True)
    assert found["original_firstorder_Uniformity"] != pytest.approx((ibsi**2).sum())
