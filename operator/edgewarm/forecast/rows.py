"""Arrays whose last axis is the row: what every part of the fleet's state is made of.

Rows stand last because every operation goes over all rows at once: numpy's inner loop is then as long as the fleet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.demand import FloatArray

Arrays = Mapping[str, NDArray[Any]]
SingleArray = NDArray[np.float32]
Floats = TypeVar("Floats", FloatArray, SingleArray)
LARGEST_SINGLE = float(np.finfo(np.float32).max)
OUTGROWN = 1e30  # units: a row that is this large takes a larger unit, long before single precision ends
SMALLEST_UNIT = 1e-300
BLOCK = 2048  # rows that learn a step together
PATCH = 2**17  # numbers of one patch


class Rows:
    """Base of dataclasses whose array fields all have the row as their last axis; other fields are settings."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fields that have rows, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}

    def take(self, arrays: Arrays) -> None:
        """Replace every field that has rows."""
        for name in self.arrays():
            setattr(self, name, arrays[name])

    def part(self, rows: slice) -> Self:
        """These rows: the same arrays seen through a narrower window, so what is changed in place is changed here."""
        one = copy(self)
        one.take({name: array[..., rows] for name, array in self.arrays().items()})
        return one


@dataclass
class RowsInUnits(Rows):
    """Base of parts whose arrays in single precision are multiples of a `unit` (N,) of the row's own.

    The unit is the row's first value above zero, so in another unit of demand the multiples are the same; a double in
    the unit of the series would need twice the memory, and single precision alone would lose the ninth digit there.
    """

    unit: FloatArray

    def measure(self, z: FloatArray) -> None:
        """Give rows a unit that have none yet, or that outgrew it with this value (N,)."""
        if not (z > self.unit * OUTGROWN).any():
            return
        larger = np.where((z > self.unit * OUTGROWN) & np.isfinite(z), z, self.unit)
        factor = (self.unit / larger).astype(np.float32)
        for array in self.arrays().values():
            if array.dtype == np.float32:
                array *= factor
        self.unit[:] = larger

    def multiples(self, values: FloatArray) -> SingleArray:
        """`values` (..., N) in units, bounded by what single precision can tell."""
        return np.minimum(np.maximum(values / self.unit, -LARGEST_SINGLE), LARGEST_SINGLE).astype(np.float32)


def no_unit(rows: int) -> FloatArray:
    """The unit of rows that have seen nothing above zero."""
    return np.full(rows, SMALLEST_UNIT)


def ordered_sum(array: Floats, axis: int = 1) -> Floats:
    """The sum over an axis before the last, in order: the same to the last bit however many rows stand beside.

    numpy's own adds up in order where rows stand side by side, and in another one where there is one row only.
    """
    if array.shape[-1] > 1:
        return np.asarray(np.add.reduce(array, axis=axis))
    return np.asarray(np.add.accumulate(array, axis=axis).take(-1, axis=axis))


def patches(count: int, rows: int, width: int) -> Iterator[slice]:
    """Parts of the first axis of large arrays (count, ..., rows) with `width` numbers between, each small enough for
    the processor's cache where a single one is."""
    height = max(1, PATCH // (width * max(rows, 1)))
    for start in range(0, count, height):
        yield slice(start, start + height)
