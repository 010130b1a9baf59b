"""Eight views of whether something comes in the next step, each a rate by context, shrunk to a more common one.

    hazard    the row's own, by idle age                          shrunk to pooled
    pooled    all rows of a similar rate, by idle age             shrunk to their rate
    clock     the row's own, by minute of the hour                shrunk to the row's rate
    timer     all rows, by age against the last interval and how often that interval repeated
    pair      the row's own, by age and last interval             shrunk to hazard: jitter that makes up for itself
    rhythm    the row's own, by which of the last six steps       shrunk to all rows'
    recent    p <- p + .1 (arrived - p)                           Teunter, Syntetos & Babai (2011)
    echo      the row's best lag of up to 64 steps at which something came: several timers at once

The counts of a row lie side by side in one array, those of the fleet in another: one gather reads all views, one
scatter learns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from edgewarm.forecast.counts import Cells, Pool
from edgewarm.forecast.idle import AGE_BIN, AGE_BINS, LAGS, PAIRED, RHYTHM, TIMERS, Idle, rate_class
from edgewarm.forecast.reliability import bounded
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

VIEWS = ("hazard", "pooled", "clock", "timer", "pair", "rhythm", "recent", "echo")
CLASSES = 10
FAST = 0.1
FIRST_GUESS = 0.05  # arrivals a step of a row that nothing is known about
ECHO_STRENGTH = np.float32(2.0)

# a row's contexts: age | pair | rhythm | total | clock        the fleet's: class and age | timer | rhythm | all
PAIR = AGE_BINS
BEAT = PAIR + PAIRED * PAIRED
TOTAL = BEAT + (1 << RHYTHM)
CLOCK = TOTAL + 1
FLEET_TIMER = CLASSES * AGE_BINS
FLEET_BEAT = FLEET_TIMER + TIMERS
FLEET_ALL = FLEET_BEAT + (1 << RHYTHM)
FLEET_STRENGTH = np.where(np.arange(FLEET_ALL + 1) < FLEET_TIMER, 2.0, 1.0)
FLEET_STRENGTH[FLEET_ALL] = 10.0
NEEDS_AGE = np.array([True, True, False, False, False])  # of the row's contexts: learned only while the age is sure


@dataclass
class Counted:
    """All counts of N rows: their own `cells`, `echoes` (N, LAGS), `recent` (N,), and the `fleet`'s."""

    cells: Cells
    echoes: Cells
    recent: FloatArray
    fleet: Pool

    @classmethod
    def blank(cls, rows: int, slots: int) -> Self:
        """Nothing counted yet; `slots` is how many parts of the hour are told apart."""
        recent = np.full(rows, FIRST_GUESS)
        return cls(Cells.blank(rows, CLOCK + slots), Cells.blank(rows, LAGS), recent, Pool.blank(FLEET_ALL + 1))

    @property
    def typical(self) -> float:
        """Arrivals a step of a row of this fleet."""
        return float((self.fleet.hits[FLEET_ALL] + 10 * FIRST_GUESS) / (self.fleet.visits[FLEET_ALL] + 10))

    def rate(self) -> FloatArray:
        """Arrivals a step (N,), shrunk to the fleet's by two steps' worth."""
        hits, visits = self.cells.hits[:, TOTAL], self.cells.visits[:, TOTAL]
        result: FloatArray = (hits + 2 * self.typical) / (visits + 2.0)
        return result

    def echo_rates(self) -> FloatArray:
        """Rates (N, LAGS) of an arrival by how many steps ago another one came, shrunk to the row's rate."""
        prior = (ECHO_STRENGTH * self.rate()[:, None]).astype(np.float32)
        result: FloatArray = (self.echoes.hits + prior) / (self.echoes.visits + ECHO_STRENGTH)
        return result

    def steps(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Per row (N,): steps that are known, those with an arrival, those with one right after a zero."""
        known, arrivals = (part[:, TOTAL].astype(np.float64) for part in (self.cells.visits, self.cells.hits))
        again = self.cells.hits[:, 1] / np.maximum(self.cells.visits[:, 1], 1.0)  # hazard at idle age 1
        return known, arrivals, arrivals * (1 - again)

    def fleet_rates(self) -> FloatArray:
        """The rate of every context of the fleet; each age is shrunk to its class's rate, all else to `typical`."""
        prior = np.full(FLEET_ALL + 1, self.typical)
        hits, visits = (
            part[:FLEET_TIMER].reshape(CLASSES, AGE_BINS).sum(axis=1) for part in (self.fleet.hits, self.fleet.visits)
        )
        prior[:FLEET_TIMER] = np.repeat((hits + 2 * self.typical) / (visits + 2), AGE_BINS)
        prior[FLEET_ALL] = FIRST_GUESS
        return self.fleet.rates(prior, FLEET_STRENGTH)


@dataclass(frozen=True)
class Contexts:
    """Where N rows stand at the next J steps if nothing comes before.

    `own` (5, N, J): flat indices of age, pair, rhythm, total and clock; `fleet` (4, N, J): class and age, timer,
    rhythm, all; `rate` (N,).
    """

    own: IntArray
    fleet: IntArray
    rate: FloatArray

    @classmethod
    def of(cls, counted: Counted, idle: Idle, slots: IntArray) -> Self:
        """`slots` (J,) of the hour."""
        ages, patterns, rate = idle.ages(len(slots)), idle.patterns(len(slots)), counted.rate()
        bins = AGE_BIN[ages]
        own = np.empty((5, *ages.shape), dtype=np.int64)
        own[0], own[1], own[2], own[3], own[4] = bins, PAIR + idle.pairs(ages), BEAT + patterns, TOTAL, CLOCK + slots
        own += np.arange(len(ages))[:, None] * counted.cells.hits.shape[1]
        fleet = np.empty((4, *ages.shape), dtype=np.int64)
        fleet[0] = rate_class(rate, CLASSES)[:, None] * AGE_BINS + bins
        fleet[1], fleet[2], fleet[3] = FLEET_TIMER + idle.timers(ages), FLEET_BEAT + patterns, FLEET_ALL
        return cls(own, fleet, rate)


def views(counted: Counted, idle: Idle, at: Contexts) -> FloatArray:
    """P(arrival) by every view, (E, N, J), in the order of VIEWS."""
    hits, visits = counted.cells.hits.reshape(-1)[at.own], counted.cells.visits.reshape(-1)[at.own]
    pooled, timer, beat, _ = counted.fleet_rates()[at.fleet]
    steps = pooled.shape[1]
    found = np.empty((len(VIEWS), *pooled.shape))
    found[0] = (hits[0] + pooled) / (visits[0] + 1)
    found[1] = pooled
    found[2] = (hits[4] + at.rate[:, None]) / (visits[4] + 1)
    found[3] = timer
    found[4] = (hits[1] + found[0]) / (visits[1] + 1)
    found[5] = (hits[2] + beat) / (visits[2] + 1)
    found[6] = counted.recent[:, None] * (1 - FAST) ** np.arange(steps)
    found[7] = _echo(counted.echo_rates(), idle.recent, at.rate, steps)
    return bounded(found)


def _echo(by_lag: FloatArray, recent: BoolArray, rate: FloatArray, steps: int) -> FloatArray:
    """The best rate (N, J) among the lags at which something came; the row's rate where nothing did."""
    found = np.zeros((len(rate), steps))
    for ahead in range(min(steps, LAGS)):
        found[:, ahead] = (recent[:, : LAGS - ahead] * by_lag[:, ahead:]).max(axis=1)
    return np.where(found > 0, found, rate[:, None])


def learn(counted: Counted, idle: Idle, at: Contexts, arrived: BoolArray, known: BoolArray) -> None:
    """Count one step (N,) in every context it was met in, before `idle` takes it; idle ages count where sure."""
    sure = known & idle.sure
    use = np.where(NEEDS_AGE[:, None], sure, known)
    came = np.broadcast_to(arrived, use.shape)
    counted.cells.learn(at.own[:, :, 0][use], came[use])
    use = np.stack([sure, sure, known, known])
    counted.fleet.learn(at.fleet[:, :, 0][use], came[:4][use])
    _learn_echo(counted.echoes, idle.recent, arrived, known)
    counted.recent = counted.recent + np.where(known, FAST * (arrived - counted.recent), 0.0)


def _learn_echo(echoes: Cells, recent: BoolArray, arrived: BoolArray, known: BoolArray) -> None:
    """Every lag at which something came was a chance for it to come again."""
    cells = np.flatnonzero(recent & known[:, None])
    echoes.learn(cells, arrived[cells // LAGS])
