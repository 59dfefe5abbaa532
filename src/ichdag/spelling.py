"""Spelling: names that a reader takes for the same, whatever keyboard, program or habit they were written with."""

import re
import unicodedata
from decimal import Decimal

NUMBER = re.compile(r"\+?(\d{1,3}(,\d{3})+|\d{1,20})(\.\d{0,6})?(e\+?\d{1,2})?")
# Small Cyrillic and Greek letters that look like Latin ones; then Latin letters whose accent Unicode does not separate.
LOOKALIKES = str.maketrans(
    dict(zip("авекмнорстухіјѕԁһԛԝ", "abekmhopctyxijsdhqw", strict=True))
    | dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
    | {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ɡ": "g"}
)
SEPARATORS = r"[\s_.\-\u2010-\u2015\u2212]+"


def normalize_name(name: str) -> str:
    """Return a name without the differences that readers and programs overlook.

    These are case, accents, letters of another alphabet that look the same, characters without width, the kind of
    separator or none between a letter and a number, zeros in front, and how a number is written (1000, +1000, 1E3,
    1000.0).
    """
    plain = _letters(name)
    if NUMBER.fullmatch(plain):
        return str(Decimal(plain.replace(",", "")).normalize())
    separated = re.sub(SEPARATORS, "-", plain).strip("-")
    return strip_leading_zeros(re.sub(r"(?<=[^\W\d])-(?=\d)|(?<=\d)-(?=[^\W\d])", "", separated))


def strip_leading_zeros(name: str) -> str:
    """Return a name without the zeros in front of its numbers."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def _letters(name: str) -> str:
    """Return a name in small Latin letters, also for letters that look like them, and in the digits 0 to 9."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    visible = (sign for sign in folded if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in visible).translate(LOOKALIKES).strip()
