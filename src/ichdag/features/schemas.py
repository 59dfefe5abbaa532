"""Tables of reduced feature blocks."""

from ichdag.columns import SUBJECT
from ichdag.schema import Schema

REDUCED = Schema(
    "reduced",
    (SUBJECT,),
)
