"""Names as a reader takes them, whatever keyboard, program or habit they were written with."""

import re
import unicodedata
from decimal import Decimal

NUMBER = re.compile(r"\+?(\d{1,3}(,\d{3})+|\d{1,20})(\.\d{0,6})?(e\+?\d{1,2})?")
# Letters of other alphabets that look like ours, in small letters; then those of ours that have no accent to take away.
LOOKALIKES = str.maketrans(
    dict(zip("авекмнорстухіјѕԁһԛԝ", "abekmhopctyxijsdhqw", strict=True))
    | dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
    | {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ɡ": "g"}
)
SEPARATORS = r"[\s_.\-\u2010-\u2015\u2212]+"


def as_read(name: str) -> str:
    """A name without what readers and programs overlook.

    That is case, accents, letters of another alphabet that look the same, signs without width, kind of separator or
    none between a letter and a number, zeros in front, and how a number is written (1000, +1000, 1E3, 1000.0).
    """
    plain = _letters(name)
    if NUMBER.fullmatch(plain):
        return str(Decimal(plain.replace(",", "")).normalize())
    separated = re.sub(SEPARATORS, "-", plain).strip("-")
    return unpadded(re.sub(r"(?<=[^\W\d])-(?=\d)|(?<=\d)-(?=[^\W\d])", "", separated))


def unpadded(name: str) -> str:
    """A name without zeros in front of its numbers."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def _letters(name: str) -> str:
    """Small letters of our alphabet where a name's look like them, and digits of ours."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = (sign for sign in folded if not unicodedata.combining(sign) and unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in kept).translate(LOOKALIKES).strip()
