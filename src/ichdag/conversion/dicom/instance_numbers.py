"""What the numbers of a stack's slices say of slices that never came: every second file of a series, say."""

import numpy as np

from ichdag.conversion.dicom.headers import number
from ichdag.conversion.dicom.series_relation import kinship
from ichdag.conversion.dicom.stacks import Stack


def numbers_per_slice(chosen: Stack, stacks: list[Stack]) -> int | None:
    """By how much InstanceNumber grows or falls from slice to slice: 1 where none is missing.

    None where slices have no numbers, or numbers that follow no order, or where slices of another stack of the series
    have numbers between them (two kernels by turns, points of time).
    """
    own = _numbers(chosen)
    if len(own) != len(chosen.slices) or len(own) < 2:
        return None
    steps = set(np.diff(own).tolist())
    if len(steps) != 1 or 0 in steps:
        return None
    between = {*range(min(own), max(own))} - {*own}
    others = [other for other in stacks if other is not chosen and kinship(chosen, other) in ("series", "twin")]
    return None if between & {one for other in others for one in _numbers(other)} else abs(steps.pop())


def _numbers(stack: Stack) -> list[int]:
    found = [number(plane.header, "InstanceNumber") for plane in stack.slices if plane.frame is None]
    return [int(one) for one in found if one is not None and one == int(one)]
