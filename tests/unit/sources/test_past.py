"""How a long history is cut into requests."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from edgewarm.sources.grid import Grid, Stretch
from edgewarm.sources.past import past
from edgewarm.sources.routes import Question, Route
from edgewarm.sources.trouble import TooMuch
from edgewarm.sources.wire import RawSeries

pytestmark = pytest.mark.unit

FREE = Route(Question("prom", "q"))


class Counting:
    """Answers each index with its number, and refuses stretches longer than `longest`."""

    def __init__(self, longest: int = 100_000) -> None:
        self.longest = longest
        self.asked: list[int] = []

    async def __call__(self, grid: Grid, part: Stretch) -> list[RawSeries]:
        self.asked.append(part.stop - part.first)
        if part.stop - part.first > self.longest:
            raise TooMuch("more than 1 bytes")
        values = [[grid.at(i), str(i)] for i in range(part.first, part.stop)]
        return [RawSeries({}, msgspec.Raw(json.dumps(values).encode()))]


@pytest.mark.parametrize(
    ("size", "longest", "asked"),
    [
        (1, 100_000, [1]),
        (10_000, 100_000, [10_000]),
        (20_160, 100_000, [10_000, 10_000, 160]),
        (10_000, 3_000, [10_000, 2_500, 2_500, 2_500, 2_500]),
        (0, 100_000, []),
    ],
)
async def test_stretches_join_without_a_gap(size, longest, asked):
    ask = Counting(longest)
    found = await past(ask, [FREE], Grid(0, 60, size))
    assert ask.asked == asked
    np.testing.assert_array_equal(found[FREE].values, np.arange(size))


async def test_an_answer_that_is_too_large_at_any_length_is_an_error():
    ask = Counting(longest=10)
    with pytest.raises(TooMuch):
        await past(ask, [FREE], Grid(0, 60, 10_000))
    assert ask.asked == [10_000, 2_500, 625, 156, 60]
