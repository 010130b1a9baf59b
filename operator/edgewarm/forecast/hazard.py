"""Series that are mostly zero: the probability that something comes next, of a whole fleet, step by step.

    P = table( sum_e w_e P_e )                      P_e: the views of forecast.arrivals
    w_e <- (1 - s) w_e sqrt(L_e) / sum + s / E      L_e = P_e where something came, 1 - P_e where nothing did

Fixed share (Herbster & Warmuth, 1998) under log loss, per row, learning rate 1/2; `table` is the fleet's reliability.
A pod is kept while P > 1 / (1 + kappa_0): an idle step then costs less than the start it may save.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgewarm.forecast.arrivals import VIEWS, Contexts, Counted, learn, views
from edgewarm.forecast.counts import Cells, Pool
from edgewarm.forecast.idle import Idle
from edgewarm.forecast.intermittent import intermittent
from edgewarm.forecast.protocol import State
from edgewarm.forecast.reliability import Reliability, bounded
from edgewarm.forecast.sizes import Sizes
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

SHARE = 0.005
HOUR_SECONDS = 3600.0
LONGEST_WINDOW = 1440


def shared(weights: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Fixed share: the weights (N, E) after the views gave what happened this `likelihood` (E, N)."""
    grown = weights * np.sqrt(likelihood).T
    grown *= (1 - SHARE) / grown.sum(axis=1, keepdims=True)
    result: FloatArray = grown + SHARE / len(VIEWS)
    return result


class HazardFleet:
    """N rows on one clock; step k covers [k, k + 1) x `step_seconds` of Unix time. An arrival is a demand above 0."""

    def __init__(self, rows: int, step_seconds: float = 60.0) -> None:
        self.step_seconds = step_seconds
        self._slots = max(1, min(60, round(HOUR_SECONDS / step_seconds)))
        self._step: int | None = None
        self._counted = Counted.blank(rows, self._slots)
        self._idle = Idle.blank(rows)
        self._sizes = Sizes.blank(rows)
        self._table = Reliability.blank()
        self._weights = np.full((rows, len(VIEWS)), 1 / len(VIEWS))
        self._next: tuple[Contexts, FloatArray] | None = None  # of the step after the last one: where, and what is said

    @property
    def size(self) -> int:
        return len(self._weights)

    @property
    def weights(self) -> FloatArray:
        """The share (N, E) of each view of `arrivals.VIEWS` in each row's probability."""
        return self._weights.copy()

    def update(self, step: int, demand: FloatArray, censored: BoolArray | None = None) -> None:
        """Learn `demand` (N,) of `step`; NaN, and a skipped step, is unknown: time passes, nothing is learned.

        A `censored` (N,) value is a lower bound: above 0 it is an arrival of unknown size, 0 is unknown.
        ValueError where the shape does not fit or the step is not later than the last one.
        """
        if demand.shape != (self.size,):
            raise ValueError(f"demand must have shape ({self.size},), got {demand.shape}")
        if self._step is not None:
            if step <= self._step:
                raise ValueError(f"steps must rise, got {step} after {self._step}")
            self._pass_to(step - 1)
        bound = np.zeros(self.size, dtype=np.bool_) if censored is None else censored
        with np.errstate(invalid="ignore"):
            arrived = np.asarray(demand > 0)
        known = np.isfinite(demand) & (arrived | ~bound)
        self._advance(step, arrived & known, known)
        self._sizes.learn(demand, arrived & known & ~bound)

    def _pass_to(self, step: int) -> None:
        """Let unknown steps pass, up to and including `step`."""
        if self._step is not None and step > self._step:
            self._idle.skip(step - self._step)
            self._step, self._next = step, None

    def _advance(self, step: int, arrived: BoolArray, known: BoolArray) -> None:
        self._step = step - 1
        at, said = self._ahead()
        if known.any():
            self._table.learn(self._mixed(said)[known], arrived[known])
            learn(self._counted, self._idle, at, arrived, known)
            grown = shared(self._weights, np.where(arrived, said, 1 - said))
            self._weights = np.where(known[:, None], grown, self._weights)
        self._idle.learn(arrived, known)
        self._step, self._next = step, None

    def _slot(self, steps: IntArray) -> IntArray:
        """The slot of the hour of each step."""
        seconds = np.mod(steps * self.step_seconds, HOUR_SECONDS)
        return np.asarray(seconds * (self._slots / HOUR_SECONDS)).astype(np.int64)

    def _ahead(self) -> tuple[Contexts, FloatArray]:
        """Where every row stands at the next step, and what each view says of it, (E, N)."""
        if self._next is None:
            at, said = self._views(1)
            self._next = at, said[:, :, 0]
        return self._next

    def _views(self, steps: int) -> tuple[Contexts, FloatArray]:
        at = Contexts.of(self._counted, self._idle, self._slot(self._last() + 1 + np.arange(steps)))
        return at, views(self._counted, self._idle, at)

    def _mixed(self, said: FloatArray) -> FloatArray:
        result: FloatArray = np.einsum("ne,en->n", self._weights, said)
        return bounded(result)

    def _last(self) -> int:
        if self._step is None:
            raise ValueError("no step has been seen yet")
        return self._step

    def probability(self) -> FloatArray:
        """P (N,) that something comes in the step after the last one."""
        self._last()
        return self._table.corrected(self._mixed(self._ahead()[1]))

    def hazards(self, steps: int) -> FloatArray:
        """P (N, steps) of an arrival in each of the next steps, given that none came in the steps before it."""
        if not 1 <= steps <= LONGEST_WINDOW:
            raise ValueError(f"a window has 1 to {LONGEST_WINDOW} steps, got {steps}")
        mixed = np.einsum("ne,enj->nj", self._weights, self._views(steps)[1])
        return self._table.corrected(bounded(mixed))

    def within(self, steps: int) -> FloatArray:
        """P (N, steps) that anything comes within the next 1, 2, ... steps: 1 - prod(1 - hazard)."""
        result: FloatArray = -np.expm1(np.cumsum(np.log1p(-self.hazards(steps)), axis=1))
        return result

    def rates(self) -> FloatArray:
        """Arrivals a step (N,), by all that each row has seen."""
        return self._counted.rate()

    def echoes(self) -> FloatArray:
        """P (N, LAGS) that something comes 1, 2, ... steps after an arrival, whatever comes between."""
        return self._counted.echo_rates()

    def quantiles(self, levels: tuple[float, ...]) -> FloatArray:
        """Quantiles (N, Q) of the next step's demand at rising `levels`: monotone, finite, >= 0."""
        return self._sizes.quantiles(self.probability(), levels)

    def sizes(self, levels: tuple[float, ...]) -> FloatArray:
        """Quantiles (N, Q) of the demand of a step, given that something comes; 0 where nothing ever came."""
        return self._sizes.quantiles(np.ones(self.size), levels)

    def largest(self, probability: FloatArray, arrivals: FloatArray, levels: tuple[float, ...]) -> FloatArray:
        """Quantiles (N, K, Q) of the largest demand of windows in which something comes with `probability` (N, K), and
        then this many `arrivals` (N, K) >= 1."""
        return self._sizes.largest(probability, arrivals, levels)

    def intermittent(self) -> BoolArray:
        """Which rows (N,) this model is for, by their last some hundred steps (forecast.intermittent)."""
        return intermittent(*self._counted.steps())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """Every array whose first axis is the row."""
        counted: dict[str, NDArray[Any]] = {
            "hits": self._counted.cells.hits,
            "visits": self._counted.cells.visits,
            "echo_hits": self._counted.echoes.hits,
            "echo_visits": self._counted.echoes.visits,
            "recent_rate": self._counted.recent,
        }
        idle: dict[str, NDArray[Any]] = {field.name: getattr(self._idle, field.name) for field in fields(Idle)}
        return counted | idle | {"sizes": self._sizes.ring, "sizes_seen": self._sizes.count, "weights": self._weights}

    def _shared(self) -> dict[str, NDArray[Any]]:
        """Every array that the rows share."""
        table: dict[str, NDArray[Any]]
        table = {f"table_{field.name}": getattr(self._table, field.name) for field in fields(Reliability)}
        return table | {"fleet_hits": self._counted.fleet.hits, "fleet_visits": self._counted.fleet.visits}

    def _take(self, named: Mapping[str, NDArray[Any]]) -> None:
        """Put arrays by the names of `_arrays` and `_shared` in place."""
        self._counted = Counted(
            Cells(named["hits"], named["visits"]),
            Cells(named["echo_hits"], named["echo_visits"]),
            named["recent_rate"],
            Pool(named["fleet_hits"], named["fleet_visits"]),
        )
        self._idle = Idle(**{field.name: named[field.name] for field in fields(Idle)})
        self._sizes = Sizes(named["sizes"], named["sizes_seen"])
        self._table = Reliability(**{field.name: named[f"table_{field.name}"] for field in fields(Reliability)})
        self._weights = named["weights"]
        self._next = None

    def append(self, other: Self) -> None:
        """Take over the rows of a fleet that has seen the same last step, and add up what was pooled."""
        if self.size and other.size and self._step != other._step:
            raise ValueError(f"fleets must have seen the same step, got {self._step} and {other._step}")
        if self.step_seconds != other.step_seconds:
            raise ValueError(f"fleets must have one step length, got {self.step_seconds} and {other.step_seconds}")
        self._step = other._step if other.size else self._step
        theirs = other._arrays() | other._shared()
        joined = {name: np.concatenate([mine, theirs[name]]) for name, mine in self._arrays().items()}
        self._take(joined | {name: mine + theirs[name] for name, mine in self._shared().items()})

    def keep(self, rows: IntArray) -> None:
        """Keep these rows, in this order; what the others taught the fleet stays."""
        self._take({name: array[rows] for name, array in self._arrays().items()} | self._shared())

    def state(self) -> State:
        """All arrays, copied, with the clock."""
        clock = {
            "step": np.array(-1 if self._step is None else self._step),
            "step_seconds": np.array(self.step_seconds),
        }
        return {name: array.copy() for name, array in (self._arrays() | self._shared()).items()} | clock

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fleet that `state()` was taken from."""
        fleet = cls(0, float(state["step_seconds"]))
        fleet._take({name: state[name].copy() for name in fleet._arrays() | fleet._shared()})
        fleet._step = int(state["step"]) if int(state["step"]) >= 0 else None
        return fleet
