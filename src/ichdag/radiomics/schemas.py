"""Tables of radiomic features."""

from ichdag.columns import NOTE, REASON, STATUS, SUBJECT
from ichdag.schema import Column, Schema, number

FEATURES = Schema(
    "features",
    (
        SUBJECT,
        STATUS,
        REASON,
        Column(
            "missing",
            "reason why features of an included participant are missing, and their number",
            missing=True,
            optional=True,
        ),
    ),
)

REPEATABILITY = Schema(
    "repeatability",
    (
        Column("feature", "radiomic feature"),
        number("n", "number of development participants with the feature in every repeat", low=0),
        number("repeats", "number of extractions for each participant: one unperturbed, the others perturbed", low=2),
        number("icc", "intraclass correlation ICC(1,1) over the repeats", high=1, missing=True),
        number("low", "lower end of its 95% interval", missing=True),
        number("high", "upper end of its 95% interval", missing=True),
        Column("stable", "whether the correlation is at least the minimum of the settings", values=("yes", "no")),
        NOTE,
    ),
)
