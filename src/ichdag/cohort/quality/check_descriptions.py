"""Quality checks by name: unit, what is measured, and what it means to be below or above the limits."""

from typing import NamedTuple


class CheckText(NamedTuple):
    """The texts of a check: its unit, what is measured, and the messages below and above the limits."""

    unit: str
    meaning: str
    below: str
    above: str


CHECKS = {
    "air_hu": CheckText("HU", "median of the air around the head", "air reads too low", "air reads too high"),
    "brain_hu": CheckText("HU", "median of the brain", "brain reads too low", "brain reads too high"),
    "head_ml": CheckText("mL", "volume of the head", "too little of a head", "more than a head"),
    "covered_mm": CheckText("mm", "height from the vertex to the lowest slice", "the head is cut", "more than a head"),
    "vertex_cut": CheckText("", "area of the head in the top slice, part of its largest", "", "the vertex is cut off"),
    "base_cut": CheckText("", "area of the brain in the lowest slices, part of its largest", "", "the base is cut off"),
    "slice_step_mm": CheckText("mm", "distance between slices", "slices too close", "slices too far apart"),
    "slice_gap_mm": CheckText("mm", "distance between slices less thickness", "slices overlap", "gaps between slices"),
    "in_plane_mm": CheckText("mm", "voxel edge within a slice", "voxels too small", "in-plane resolution too coarse"),
    "axes_differ_mm": CheckText(
        "mm", "how far a corner lies off by the qform's voxel size and axes", "", "qform and sform disagree on the axes"
    ),
    "noise_hu": CheckText(
        "HU", "noise in the brain, from differences of close voxels", "no noise: smoothed", "too noisy"
    ),
    "motion_mm": CheckText("mm", "largest jump of the skull's outline between slices", "", "the head moved"),
    "streak_hu": CheckText("HU", "how far lines in the air before the face differ from the air beside", "", "streaks"),
    "metal_ml": CheckText("mL", "volume above 2,800 HU in the head", "", "metal in the head"),
    "enhanced_ml": CheckText("mL", "volume of 110-250 HU well inside the skull", "", "vessels are enhanced"),
    "contrast_agent": CheckText(
        "", "whether the header names a contrast agent (1) or none (0)", "", "contrast was given"
    ),
    "onset_to_ct_hours": CheckText("h", "hours from onset to the baseline scan", "scan before onset", "scan too late"),
    "followup_hours": CheckText(
        "h", "hours from the baseline to the follow-up scan", "follow-up too early", "follow-up too late"
    ),
}  # fmt: skip
