"""Eight views of whether something comes in the next step, each a rate by context, shrunk to a more common one.

    hazard    the row's own, by idle age                          shrunk to pooled
    pooled    all rows of a similar rate, by idle age             Shahrad et al., ATC 2020, let each row alone
    clock     the row's own, by minute of the hour                shrunk to the row's rate
    timer     all rows, by age against the last interval and how often that interval repeated
    pair      the row's own, by age and last interval             shrunk to hazard: jitter that makes up for itself
    rhythm    the row's own, by which of the last six steps       shrunk to all rows'
    recent    p <- p + .1 (arrived - p)                           Teunter, Syntetos & Babai (2011)
    echo      the row's best lag of up to 64 steps at which something came: several timers at once
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.counts import Cells, Counts, Pool
from edgewarm.forecast.idle import AGE_BIN, AGE_BINS, LAGS, PAIRED, RHYTHM, TIMERS, Idle, rate_class
from edgewarm.forecast.reliability import bounded
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

VIEWS = ("hazard", "pooled", "clock", "timer", "pair", "rhythm", "recent", "echo")
CLASSES = 10
FAST = 0.1
FIRST_GUESS = 0.05  # arrivals a step of a row that nothing is known about
ECHO_STRENGTH = 2.0


@dataclass
class FleetCounts:
    """What rows lend each other."""

    pooled: Pool
    timer: Pool
    rhythm: Pool
    all: Pool

    @classmethod
    def blank(cls) -> Self:
        return cls(Pool.blank(CLASSES * AGE_BINS), Pool.blank(TIMERS), Pool.blank(1 << RHYTHM), Pool.blank(1))

    def typical(self) -> float:
        """Arrivals a step of a row of this fleet."""
        return float(self.all.rates(FIRST_GUESS, 10.0)[0])


@dataclass
class RowCounts:
    """What each of N rows knows about itself; `slots` of the hour; `total` (N, 1) in all; `echoes` (N, LAGS)."""

    age: Cells
    clock: Cells
    pair: Cells
    rhythm: Cells
    total: Cells
    echoes: Cells
    recent: FloatArray

    @classmethod
    def blank(cls, rows: int, slots: int) -> Self:
        sizes = (AGE_BINS, slots, PAIRED * PAIRED, 1 << RHYTHM, 1, LAGS)
        return cls(*(Cells.blank(rows, size) for size in sizes), recent=np.full(rows, FIRST_GUESS))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by a name of its own."""
        named: dict[str, NDArray[Any]] = {"recent_rate": self.recent}
        for field in fields(self)[:-1]:
            cells: Cells = getattr(self, field.name)
            named |= {f"{field.name}_hits": cells.hits, f"{field.name}_visits": cells.visits}
        return named

    @classmethod
    def of(cls, named: dict[str, NDArray[Any]]) -> Self:
        """The counts that `arrays` names."""
        cells = (Cells(named[f"{field.name}_hits"], named[f"{field.name}_visits"]) for field in fields(cls)[:-1])
        return cls(*cells, recent=named["recent_rate"])


def views(rows: RowCounts, fleet: FleetCounts, idle: Idle, slots: IntArray) -> FloatArray:
    """P(arrival) by every view, (E, N, J), at the next J steps if nothing comes before; `slots` (J,) of the hour."""
    steps, ages = len(slots), idle.ages(len(slots))
    shape, typical = ages.shape, fleet.typical()
    rate = row_rate(rows, typical)
    bins = AGE_BIN[ages]
    pooled = fleet_hazard(fleet, typical)[rate_class(rate, CLASSES)[:, None] * AGE_BINS + bins]
    own = rows.age.rate(bins, pooled, 1.0)
    wide = np.broadcast_to(rate[:, None], shape)
    patterns = idle.patterns(steps)
    found = (
        own,
        pooled,
        rows.clock.rate(np.broadcast_to(slots, shape), wide, 1.0),
        fleet.timer.rates(typical, 1.0)[idle.timers(ages)],
        rows.pair.rate(idle.pairs(ages), own, 1.0),
        rows.rhythm.rate(patterns, fleet.rhythm.rates(typical, 1.0)[patterns], 1.0),
        rows.recent[:, None] * (1 - FAST) ** np.arange(steps),
        _echo(rows.echoes, idle.recent, rate, steps),
    )
    return bounded(np.stack(found))


def row_rate(rows: RowCounts, typical: float) -> FloatArray:
    """Arrivals a step (N,), shrunk to the fleet's by two steps' worth."""
    result: FloatArray = (rows.total.hits[:, 0] + 2 * typical) / (rows.total.visits[:, 0] + 2)
    return result


def fleet_hazard(fleet: FleetCounts, typical: float) -> FloatArray:
    """The pooled hazard (CLASSES x AGE_BINS,): every age shrunk to its class's rate, and that to the fleet's."""
    by_class = (part.reshape(CLASSES, AGE_BINS).sum(axis=1) for part in (fleet.pooled.hits, fleet.pooled.visits))
    hits, visits = by_class
    rate = (hits + 2 * typical) / (visits + 2)
    return fleet.pooled.rates(np.repeat(rate, AGE_BINS), 2.0)


def _echo(echoes: Cells, recent: BoolArray, rate: FloatArray, steps: int) -> FloatArray:
    """The best rate (N, J) among the lags at which something came; the row's rate where nothing did."""
    by_lag = (echoes.hits + ECHO_STRENGTH * rate[:, None]) / (echoes.visits + ECHO_STRENGTH)
    found = np.zeros((len(rate), steps))
    for ahead in range(min(steps, LAGS)):
        found[:, ahead] = np.where(recent[:, : LAGS - ahead], by_lag[:, ahead:], 0.0).max(axis=1, initial=0.0)
    return np.where(found > 0, found, rate[:, None])


def learn(rows: RowCounts, fleet: FleetCounts, idle: Idle, slot: int, arrived: BoolArray, known: BoolArray) -> None:
    """Count one step (N,) in every context it was met in, before `idle` takes it; idle ages count where sure."""
    sure = np.flatnonzero(known & idle.sure)
    seen = np.flatnonzero(known)
    ages, patterns = idle.ages(1), idle.patterns(1)[:, 0]
    bins, came = AGE_BIN[ages[:, 0]], arrived[sure]
    of_class = rate_class(row_rate(rows, fleet.typical()), CLASSES)
    fleet.pooled.learn((of_class * AGE_BINS + bins)[sure], came)
    fleet.timer.learn(idle.timers(ages)[sure, 0], came)
    rows.age.learn(bins[sure], came, sure)
    rows.pair.learn(idle.pairs(ages)[sure, 0], came, sure)
    fleet.rhythm.learn(patterns[seen], arrived[seen])
    fleet.all.learn(np.zeros(len(seen), dtype=np.int64), arrived[seen])
    rows.rhythm.learn(patterns[seen], arrived[seen], seen)
    for cells, at in ((rows.clock, slot), (rows.total, 0)):
        cells.learn(np.full(len(seen), at), arrived[seen], seen)
    _learn_echo(rows.echoes, idle.recent & known[:, None], arrived)
    rows.recent += np.where(known, FAST * (arrived - rows.recent), 0.0)


def _learn_echo(echoes: Cells, recent: BoolArray, arrived: BoolArray) -> None:
    """Every lag at which something came was a chance for it to come again."""
    fading: Counts = np.float32(1 / 512) * recent
    echoes.hits += np.where(recent, arrived[:, None], np.float32(0)) - fading * echoes.hits
    echoes.visits += recent - fading * echoes.visits
