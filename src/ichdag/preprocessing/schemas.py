"""Schema of the table of grids, the input of the networks."""

from ichdag.columns import SUBJECT, TIMEPOINT
from ichdag.schema import Column, Schema

GRIDS = Schema(
    "grids",
    (
        SUBJECT,
        TIMEPOINT,
        Column("path", "npz file of the grids, relative to the study directory"),
        Column("manual", "whether there is a manual mask on the grid", values=("yes", "no")),
        Column("digest", "digest of the voxels of the scan; equal for equal images"),
        Column("mask_digest", "digest of the manual mask; equal for equal masks", missing=True),
    ),
)
