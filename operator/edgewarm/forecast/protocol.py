"""The seam between history and decision: every forecaster of a fleet keeps this protocol.

A fleet has N rows (one per workload) and one clock: step k covers [k x step, (k + 1) x step) of Unix time. What is
forecast are *windows* of steps after the last one seen, each with its own calibrated quantiles:

    lead window   the demand a steps ahead, (a, a + 1]
    hold window   the largest demand of the next b steps, (0, b]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from numpy.typing import NDArray

from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class FleetForecast:
    """Quantiles of all rows, in demand units, finite, >= 0 and non-decreasing along the last axis.

    `step` is the last step seen. `ahead` (A,) and `until` (B,) are step counts, rising; `at_ahead` has shape (N, A, Q)
    and `max_until` (N, B, Q) for the Q `levels`. `known` (N,) is False where there is too little history to speak.
    `chance_ahead` (N, A) and `chance_until` (N, B) are P that anything is asked in the window, NaN in rows that are not
    intermittent; None where no row is.
    """

    step: int
    levels: tuple[float, ...]
    ahead: IntArray
    until: IntArray
    at_ahead: FloatArray
    max_until: FloatArray
    known: BoolArray
    chance_ahead: FloatArray | None = None
    chance_until: FloatArray | None = None


def rows_of(fleet: FleetForecast, rows: IntArray | slice) -> FleetForecast:
    """The forecast of these rows, in this order."""
    ahead, until = fleet.chance_ahead, fleet.chance_until
    return replace(
        fleet,
        at_ahead=fleet.at_ahead[rows],
        max_until=fleet.max_until[rows],
        known=fleet.known[rows],
        chance_ahead=None if ahead is None else ahead[rows],
        chance_until=None if until is None else until[rows],
    )


class Forecaster(Protocol):
    """Incremental model of N series; one update a step for all of them, never refitted from scratch."""

    @property
    def step_seconds(self) -> float: ...

    @property
    def windows(self) -> Windows:
        """The windows that are forecast after each step."""

    @property
    def size(self) -> int:
        """N, the number of rows."""

    def update(self, step: int, demand: FloatArray, censored: BoolArray) -> None:
        """Learn step `step` (later than the last one).

        `demand` (N,): NaN is unknown, never zero. `censored` (N,): the value is only a lower bound.
        """

    def forecast(self) -> FleetForecast: ...

    def append(self, other: Self) -> None:
        """Take over the rows of another fleet that has seen the same last step."""

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order, and forget the others."""

    def state(self) -> State:
        """Everything needed to go on identically: arrays by name."""
