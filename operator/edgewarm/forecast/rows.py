"""Arrays whose last axis is the row: what every part of the fleet's state is made of.

Rows stand last because every operation goes over all rows at once: numpy's inner loop is then as long as the fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import fields
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.demand import FloatArray

Arrays = Mapping[str, NDArray[Any]]
SingleArray = NDArray[np.float32]
Floats = TypeVar("Floats", FloatArray, SingleArray)


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

    def only(self, row: int) -> Self:
        """A copy of one row."""
        one = copy(self)
        one.take({name: array[..., [row]] for name, array in self.arrays().items()})
        return one


def ordered_sum(array: Floats, axis: int = 1) -> Floats:
    """The sum over an axis, in order: the same to the last bit however many rows stand beside (numpy's own is not)."""
    return np.asarray(np.add.accumulate(array, axis=axis).take(-1, axis=axis))
