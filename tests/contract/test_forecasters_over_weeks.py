"""What holds of any history holds of weeks: a learned day and week, tests a day ahead, and a cycle that was found.

Steps of an hour make fifteen days few; a cycle is looked for in steps of at most a quarter of an hour. Variants of a
series are rows of one fleet, which do not know each other: one course of it shows several properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray
from support.forecasters import numbers

pytestmark = pytest.mark.contract

QUARTERED = (4.0**10, 4.0**-10)  # square roots are exact, and so is all that follows
UNITS = (1e6, 1e-6, 3.7)


@dataclass(frozen=True, eq=False)
class Span:
    """Steps from 1 January 1970 on, a Thursday; the windows that are forecast, and after which steps it is asked."""

    step_seconds: int
    days: float
    windows: Windows

    @property
    def day(self) -> int:
        return 86_400 // self.step_seconds

    @property
    def steps(self) -> int:
        return round(self.days * self.day)

    @property
    def asked(self) -> range:
        return range(self.day - 1, self.steps, self.day // 2 + 1)

    def series(self) -> FloatArray:
        """A day, a week with half of it at weekends, one with gaps, one with a jump, and a cycle of 105 minutes."""
        random, at = np.random.default_rng(3), np.arange(self.steps)
        usual = 100 - 50 * np.cos(2 * np.pi * at / self.day) + random.normal(0, 3, self.steps)
        weekly = usual * np.where(np.isin(at // self.day % 7, (2, 3)), 0.5, 1.0)
        torn = np.where(random.uniform(size=self.steps) < 0.1, np.nan, usual)
        torn[self.day + 3 : self.day + self.day // 2] = np.nan
        raised = usual * np.where(at >= 0.7 * self.steps, 2.0, 1.0)
        batches = 50 + 40 * np.sin(2 * np.pi * at * self.step_seconds / 6300) + random.normal(0, 2, self.steps)
        return np.stack([usual, weekly, torn, raised, batches], axis=1)


WEEKS = Span(3600, 15.5, Windows.of((1, 2, 24), (2,)))  # until a Friday noon
CYCLES = Span(900, 2.25, Windows.of((1, 4, 96), (4,)))
ROWS = 5
spans = pytest.mark.parametrize("span", [pytest.param(WEEKS, id="weeks"), pytest.param(CYCLES, id="cycles")])


def course(span: Span, series: FloatArray, first: int) -> tuple[FleetModel, FloatArray]:
    """The fleet after all steps, and what it said when it was asked and at the end, (times, N, windows, Q)."""
    fleet, said = FleetModel(series.shape[1], float(span.step_seconds), span.windows), []
    free = np.zeros(series.shape[1], dtype=bool)
    for index, row in enumerate(series):
        fleet.update(first + index, row, free)
        if index in span.asked:
            said.append(fleet.forecast())
    return fleet, np.stack([numbers(found) for found in (*said, fleet.forecast())])


@cache
def plain(span: Span) -> tuple[FleetModel, FloatArray]:
    return course(span, span.series(), 0)


def company(span: Span) -> FloatArray:
    """The series turned round, then in other units, then with another future from some moments on."""
    series = span.series()
    futures = [np.where(np.arange(span.steps)[:, None] > cut, 7.0 * series[::-1], series) for cut in cuts(span)]
    return np.concatenate([series[:, ::-1], *(series * factor for factor in (*QUARTERED, *UNITS)), *futures], axis=1)


def cuts(span: Span) -> list[int]:
    """The last steps that two futures share: some of those after which it is asked."""
    return list(span.asked)[1::6]


@cache
def together(span: Span) -> FloatArray:
    """What is said of all of `company`, (variants, times, 5, windows, Q)."""
    _, said = course(span, company(span), 0)
    return np.stack(np.split(said, said.shape[1] // ROWS, axis=1))


def test_a_week_and_a_cycle_were_learned() -> None:
    """Else the rest of this file would say little."""
    weeks, said = plain(WEEKS)
    a_day, median = list(WEEKS.windows.ahead).index(24), weeks.forecast().levels.index(0.5)
    usual, weekly = said[-1, :2, a_day, median]
    assert weekly < 0.75 * usual  # Saturday noon is known to be half of any other
    cycles, _ = plain(CYCLES)
    assert cycles.ingredients(4).cycle == pytest.approx((7.0, 0.9), abs=0.1)


@spans
def test_whole_weeks_later_all_is_the_same(span: Span) -> None:
    week = 7 * span.day
    _, later = course(span, span.series(), 29 * week)
    assert np.array_equal(later, plain(span)[1])


@spans
def test_the_order_of_the_rows_changes_nothing(span: Span) -> None:
    assert np.array_equal(together(span)[0][:, ::-1], plain(span)[1])


@spans
def test_another_unit_changes_nothing_but_the_unit(span: Span) -> None:
    """Residuals and quantiles are kept in single precision, seven digits. Where the same value in another unit differs
    in its sixteenth, one in thousands of them is rounded the other way, which weeks of them show in the seventh."""
    for factor, said in zip((*QUARTERED, *UNITS), together(span)[1:], strict=False):
        assert said / factor == pytest.approx(plain(span)[1], rel=1e-9 if factor in QUARTERED else 2e-6)
        assert np.isclose(said / factor, plain(span)[1], rtol=1e-9, atol=0).mean() > 0.98


@spans
def test_what_is_said_knows_nothing_of_what_comes_later(span: Span) -> None:
    """Up to the last step that two futures share it is the same to the last bit, and after it, it is not."""
    for cut, said in zip(cuts(span), together(span)[1 + len(QUARTERED + UNITS) :], strict=True):
        same = sum(at <= cut for at in span.asked)
        assert np.array_equal(said[:same], plain(span)[1][:same])
        assert not np.array_equal(said[same:], plain(span)[1][same:])
