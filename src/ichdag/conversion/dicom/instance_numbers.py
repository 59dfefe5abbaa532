"""Slices that were never sent, seen from InstanceNumber: every second file of a series, for example."""

import numpy as np

from ichdag.conversion.dicom.headers import get_number
from ichdag.conversion.dicom.series_relation import series_relation
from ichdag.conversion.dicom.stacks import Stack


def instance_number_step(chosen: Stack, stacks: list[Stack]) -> int | None:
    """Return by how much InstanceNumber grows or falls from slice to slice: 1 where none is missing.

    None where slices have no InstanceNumber, or the numbers have no regular order, or where slices of another stack of
    the series have numbers between them (two kernels in turn, or several points in time).
    """
    numbers = _instance_numbers(chosen)
    if len(numbers) != len(chosen.slices) or len(numbers) < 2:
        return None
    steps = set(np.diff(numbers).tolist())
    if len(steps) != 1 or 0 in steps:
        return None
    between = {*range(min(numbers), max(numbers))} - {*numbers}
    others = [other for other in stacks if other is not chosen and series_relation(chosen, other) in ("series", "twin")]
    return None if between & {number for other in others for number in _instance_numbers(other)} else abs(steps.pop())


def _instance_numbers(stack: Stack) -> list[int]:
    values = [get_number(plane.header, "InstanceNumber") for plane in stack.slices if plane.frame is None]
    return [int(value) for value in values if value is not None and value == int(value)]
