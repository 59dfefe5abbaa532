"""Schema of the table of grids, the input of the networks."""

from ichdag.columns import SUBJECT, TIMEPOINT
from ichdag.schema import Column, Schema

GRIDS = Schema(
    "grids",
    (
        SUBJECT,
        TIMEPOINT,
        Column("path", "npz file of the grids, relative to the study directory"),
        Column("manual", "whether a manual mask is on the grid", values=("yes", "no")),
        Column("digest", "digest of the scan's voxels, the same for the same image"),
        Column("mask_digest", "digest of the manual mask, the same for the same mask", missing=True),
    ),
)
