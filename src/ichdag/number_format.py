"""Numbers in words that people read, without exponent: exact, so that two numbers never look alike, or rounded."""

import math
import re
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # as a cell or a text writes it
# 007 and ward 1E5 are names and no numbers, and so is what no float keeps whole.
CODE = re.compile(r"[+-]?(0\d+|\d{16,})|\d+[eE]\d+")
LARGEST_EXACT = 1e15  # Excel keeps 15 digits


def format_plain(value: float, digits: int | None = None) -> str:
    """Format a number without exponent: all its digits, or rounded to `digits` significant ones, never above the units.

    1000001.0 is '1000001', 0.1 is '0.1', 0.0000123 is '0.0000123'; to three digits 1234.56 is '1235', and 0.12341 and
    0.12342 are both '0.123': names and codes, which must stay apart, are written with all digits.
    """
    value = value + 0.0  # no minus before a zero
    if not math.isfinite(value):
        return str(float(value))
    if digits is None:
        text = format(Decimal(str(value)), "f")
    else:
        size = math.floor(math.log10(abs(value))) if value else 0
        text = f"{value:.{max(0, digits - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
