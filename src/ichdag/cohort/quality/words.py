"""The checks by name: unit, what is measured, and what it means to be below or above the limits."""

from typing import NamedTuple


class Words(NamedTuple):
    """What a check says."""

    unit: str
    meaning: str
    below: str
    above: str


CHECKS = {
    "air_hu": Words("HU", "median of the air around the head", "air reads too low", "air reads too high"),
    "brain_hu": Words("HU", "median of the brain", "brain reads too low", "brain reads too high"),
    "head_ml": Words("mL", "volume of the head", "too little of a head", "more than a head"),
    "covered_mm": Words("mm", "height from the vertex to the lowest slice", "the head is cut", "more than a head"),
    "vertex_cut": Words("", "area of the head in the top slice, part of its largest", "", "the vertex is cut off"),
    "base_cut": Words("", "area of the brain in the lowest slices, part of its largest", "", "the base is cut off"),
    "slice_step_mm": Words("mm", "distance between slices", "slices too close", "slices too far apart"),
    "slice_gap_mm": Words("mm", "distance between slices less thickness", "slices overlap", "gaps between slices"),
    "in_plane_mm": Words("mm", "voxel edge within a slice", "voxels too small", "in-plane resolution too coarse"),
    "axes_differ_mm": Words(
        "mm", "how far a corner lies off by the qform's voxel size and axes", "", "qform and sform disagree on the axes"
    ),
    "noise_hu": Words("HU", "noise in the brain, from differences of close voxels", "no noise: smoothed", "too noisy"),
    "motion_mm": Words("mm", "largest jump of the skull's outline between slices", "", "the head moved"),
    "streak_hu": Words("HU", "how far lines in the air before the face differ from the air beside", "", "streaks"),
    "metal_ml": Words("mL", "volume above 2,800 HU in the head", "", "metal in the head"),
    "enhanced_ml": Words("mL", "volume of 110-250 HU well inside the skull", "", "vessels are enhanced"),
    "contrast_agent": Words("", "whether the header names a contrast agent (1) or none (0)", "", "contrast was given"),
    "onset_to_ct_hours": Words("h", "hours from onset to the baseline scan", "scan before onset", "scan too late"),
    "followup_hours": Words(
        "h", "hours from the baseline to the follow-up scan", "follow-up too early", "follow-up too late"
    ),
}  # fmt: skip
