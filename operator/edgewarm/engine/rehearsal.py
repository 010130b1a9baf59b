"""Backtest blocks for `confidence` while a row learns its history: two plans per row, simulated for all rows at once.

    forecast plan   strategy Predictive: the newsvendor's count at lead time over the reactive floor
    reactive plan   strategy Reactive

Both keep the bounds and the scale-down window, the forecast plan one that the user stated or while nothing is forecast;
a rise is ready one lead time later, a fall at once, so what is ready is the least planned within the last lead time.
Rate limits are left out: they slow both alike; a step without demand changes nothing. Else both are `judge.shadowed`
with one pass a step, which a test compares them with, step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewarm.decide.newsvendor import MOST_PODS, ROUNDING
from edgewarm.engine.paying import Ahead, Paying
from edgewarm.forecast.outlook import ROUNDING as GRID_ROUNDING
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.learn.confidence import BLOCK_SECONDS, Block, OpenBlock
from edgewarm.model.demand import BoolArray, FloatArray, IntArray
from edgewarm.model.identity import DEMAND
from edgewarm.model.policy import Policy

REHEARSED_SECONDS = 2 * 86400.0  # eight blocks: a tenth of the time that learning two weeks takes a class of rows
LONGEST_STEPS = 60  # of a lead time or a window that is simulated


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row's plans depend on; `lead_seconds` is the lead time plus one pass.

    `shares` are the series of the policy, and by what each is divided before the largest of them counts as its demand.
    """

    capacity_per_pod: float
    kappa: float
    lead_seconds: float
    bounds: tuple[int, int] = (1, 100)
    utilizations: tuple[float, float] = (0.3, 0.8)
    window_seconds: float = 300.0
    window_stated: bool = False
    shares: tuple[tuple[str, float], ...] = ((DEMAND, 1.0),)


def terms(policy: Policy, lead_seconds: float) -> Terms:
    """The terms of a policy."""
    return Terms(
        policy.capacity_per_pod,
        policy.kappa,
        lead_seconds,
        (policy.bounds.low, policy.bounds.high),
        (policy.scale_down_utilization, policy.scale_up_utilization),
        policy.scale_down.stabilization_seconds,
        policy.scale_down.stated,
        tuple((one.name, one.per_pod) for one in policy.resources) or ((DEMAND, 1.0),),
    )


class Plan:
    """One plan per row: what is planned, kept by the window and ready, step by step."""

    def __init__(self, lead_steps: IntArray, window_steps: IntArray) -> None:
        rows = len(lead_steps)
        self._lead = np.minimum(lead_steps, LONGEST_STEPS)
        self._window = np.minimum(window_steps, LONGEST_STEPS)
        kept = int(max(self._lead.max(initial=0), self._window.max(initial=0))) + 1
        self._planned = np.full((kept, rows), MOST_PODS, dtype=np.float64)  # newest first
        self._asked = np.zeros((kept, rows))
        age = np.arange(kept)[:, None]
        self._starting, self._remembered = age < np.maximum(self._lead, 1), age < self._window
        self.current: FloatArray = np.zeros(rows)
        self.ready: FloatArray = np.zeros(rows)

    def follow(self, asked: FloatArray, waits: BoolArray, known: BoolArray, bounds: tuple[FloatArray, ...]) -> None:
        """Take this step's recommendation; a fall of rows that `waits` waits for the window; where demand is unknown,
        what is there stays."""
        low, high = bounds
        asked = np.where(known, asked, self.current)
        self._asked = np.concatenate([asked[None], self._asked[:-1]])
        highest = np.maximum(asked, np.where(self._remembered & waits, self._asked, 0.0).max(axis=0))
        held = np.where(asked < self.current, np.minimum(self.current, highest), asked)
        self.current = np.clip(held, low, high)
        self._planned = np.concatenate([self.current[None], self._planned[:-1]])
        self.ready = np.where(self._starting, self._planned, np.inf).min(axis=0)


@dataclass(frozen=True)
class _Place:
    """Each row's position between two neighbours of a grid; beyond the ends the outermost value holds."""

    rows: IntArray
    right: IntArray
    share: FloatArray

    @classmethod
    def on(cls, grid: IntArray | FloatArray, position: FloatArray) -> _Place:
        right = np.clip(np.searchsorted(grid, position), 1, len(grid) - 1)
        share = np.clip((position - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
        return cls(np.arange(len(position)), right, share)

    def blend(self, values: FloatArray) -> FloatArray:
        """Linear between the neighbours on axis 1: (N, G, ...) -> (N, ...)."""
        low, high = values[self.rows, self.right - 1], values[self.rows, self.right]
        share = self.share.reshape(-1, *([1] * (low.ndim - 1)))
        found: FloatArray = low + share * (high - low)
        return found


@dataclass(frozen=True)
class _Places:
    lead: _Place
    soon: _Place
    edge: _Place
    level: _Place
    spells: tuple[_Place, ...]


class Rehearsal:
    """`see` every step of the last days of a history; `blocks` then has what each row's forecast was worth."""

    def __init__(self, terms: Sequence[Terms], step_seconds: float) -> None:
        def column(values: Sequence[float]) -> FloatArray:
            return np.array(values, dtype=np.float64)

        self._step_seconds = step_seconds
        self._capacity = column([t.capacity_per_pod for t in terms])
        self._kappa = column([t.kappa for t in terms])
        self._low, self._high = column([t.bounds[0] for t in terms]), column([t.bounds[1] for t in terms])
        self._sleepers = self._low == 0
        self._stated = np.array([t.window_stated for t in terms], dtype=np.bool_)
        self._relaxed = column([t.utilizations[0] for t in terms])
        self._busy = column([t.utilizations[1] for t in terms])
        self._edge = column([t.lead_seconds for t in terms]) / step_seconds + 1.0
        self._ahead = Ahead.of([t.lead_seconds for t in terms], step_seconds)
        lead = np.ceil(self._edge - 1.0).astype(np.int64)
        window = np.ceil(column([t.window_seconds for t in terms]) / step_seconds).astype(np.int64)
        self._forecast, self._reactive = Plan(lead, window), Plan(lead, window)
        self._costs = np.zeros((2, len(terms)))
        self._seen = np.zeros(len(terms))
        self._differed = np.zeros(len(terms), dtype=bool)
        self._start: float | None = None
        self._places: _Places | None = None
        self._blocks: list[list[Block]] = [[] for _ in terms]

    def see(self, step: int, demand: FloatArray, fleet: FleetForecast) -> None:
        """One step: count what both plans had ready for this demand (N,), then follow what each says now."""
        self._turn(step * self._step_seconds)
        known = np.isfinite(demand)
        asked = self._need(np.where(known, demand, 0.0), self._capacity)
        both = known & fleet.known
        for plan, cost in zip((self._forecast, self._reactive), self._costs, strict=True):
            missing = np.maximum(asked - plan.ready, 0.0)
            cost += np.where(both, self._kappa * missing + np.maximum(plan.ready - asked, 0.0), 0.0)
        self._seen += both
        self._differed |= both & (self._forecast.ready != self._reactive.ready)
        floor, answer = self._floor(demand, asked, self._forecast), self._answered(demand, asked)
        foreseen = self._foreseen(floor, fleet)
        bounds = (self._low, self._high)
        self._forecast.follow(foreseen, self._stated | ~fleet.known, known, bounds)
        self._reactive.follow(answer, np.ones_like(known), known, bounds)

    @staticmethod
    def _need(demand: FloatArray, capacity: FloatArray) -> FloatArray:
        count: FloatArray = np.maximum(np.ceil(np.minimum(demand / capacity, MOST_PODS) - ROUNDING), 0.0)
        return count

    def _floor(self, demand: FloatArray, asked: FloatArray, plan: Plan) -> FloatArray:
        """The reactive floor, with the pod that keeps demand from being censored."""
        censored = (plan.ready > 0) & (demand >= plan.ready * self._capacity)
        floor = np.where(censored, np.maximum(asked, plan.ready + 1), asked)
        busy = (floor > 0) & (floor < plan.current) & (demand >= floor * self._capacity)
        return np.where(busy, floor + 1, floor)

    def _foreseen(self, floor: FloatArray, fleet: FleetForecast) -> FloatArray:
        plan, places = self._forecast, self._places or self._found_places(fleet)
        lead = np.maximum(places.lead.blend(fleet.at_ahead), places.edge.blend(fleet.at_ahead))
        soon = np.where(fleet.known, np.maximum(floor, self._need(places.level.blend(lead), self._capacity)), floor)
        least = np.maximum(plan.current, floor)
        falls = fleet.known & (soon < plan.current)
        if falls.any() or (soon > least).any():
            paying = self._paying(places, fleet)
            soon = np.where(soon > least, paying.started(least, np.maximum(soon, least)), soon)
            soon = np.where(falls, paying.kept(soon, np.where(falls, plan.current, soon)), soon)
        return self._to_zero(soon, floor, fleet) if self._sleepers.any() else soon

    def _paying(self, places: _Places, fleet: FleetForecast) -> Paying:
        demand = np.stack([place.blend(fleet.at_ahead) for place in places.spells], axis=1)
        return Paying(self._ahead, np.array(fleet.levels), demand, self._capacity, self._kappa)

    def _to_zero(self, wanted: FloatArray, floor: FloatArray, fleet: FleetForecast) -> FloatArray:
        """Rule `zero` of decide.rules, for all rows that may fall to zero and have nothing to do."""
        if fleet.chance_ahead is None or fleet.chance_until is None:
            return wanted
        places = self._places or self._found_places(fleet)
        start = self._edge - 1.0
        cold = self._kappa * np.minimum(start, 1.0) + start
        idle, by, before = np.zeros((3, len(wanted)))
        kept = np.zeros(len(wanted), dtype=np.bool_)
        for later in range(int(np.ceil(self._edge[self._sleepers].max())) - 1, -1, -1):
            end = np.maximum(self._edge - later, 0.0)
            by = self._by(fleet, end)
            idle, before = idle + (end - before) * (1 - by), end
            kept |= (end > 0) & (self._forecast.current > 0) & (cold * by > idle)
        soon, lead = (place.blend(fleet.chance_ahead) for place in (places.soon, places.edge))
        warm = kept | ((cold * soon > 1 - soon) & (cold * lead > idle))
        asleep = self._sleepers & (floor == 0) & np.isfinite(by) & fleet.known
        return np.where(asleep, np.where(warm, np.maximum(wanted, 1.0), 0.0), wanted)

    @staticmethod
    def _by(fleet: FleetForecast, end: FloatArray) -> FloatArray:
        """P (N,) that something has come `end` (N,) steps from now; nothing has by now."""
        grid = np.append(0, fleet.until)
        chance = np.zeros((len(end), len(grid)))
        chance[:, 1:] = np.nan if fleet.chance_until is None else fleet.chance_until
        return _Place.on(grid, end).blend(chance)

    def _found_places(self, fleet: FleetForecast) -> _Places:
        """Where each row's windows and level lie on the fleet's grids; the same at every step."""
        near = fleet.ahead[fleet.ahead <= fleet.until[-1]]  # a day ahead is no neighbour of one hour
        tau = self._kappa / (1 + self._kappa)
        self._places = _Places(
            _Place.on(near, self._edge - 1.0),
            _Place.on(near, np.floor(self._edge + GRID_ROUNDING)),
            _Place.on(near, self._edge),
            _Place.on(np.array(fleet.levels), tau),
            tuple(_Place.on(near, self._edge + offset) for offset in self._ahead.offsets.T),
        )
        return self._places

    def _answered(self, demand: FloatArray, asked: FloatArray) -> FloatArray:
        plan = self._reactive
        with np.errstate(divide="ignore", invalid="ignore"):
            use = demand / (plan.current * self._capacity)
        content = (plan.current > 0) & (use >= self._relaxed) & (use <= self._busy)
        answer = np.where(content, plan.current, self._need(demand, self._capacity * self._busy))
        return np.maximum(self._floor(demand, asked, plan), answer)

    def _turn(self, at: float) -> None:
        """A new block begins: close the one before."""
        start = at - at % BLOCK_SECONDS
        if start == self._start:
            return
        if self._start is not None:
            self._close(self._start)
        self._start = start
        self._costs = np.zeros_like(self._costs)
        self._seen = np.zeros_like(self._seen)
        self._differed = np.zeros_like(self._differed)

    def _close(self, start: float) -> None:
        minutes = self._step_seconds / 60
        for row, found in enumerate(self._blocks):
            ours, theirs = (float(cost) * minutes for cost in self._costs[:, row])
            seconds, differed = float(self._seen[row]) * self._step_seconds, bool(self._differed[row])
            block = OpenBlock(start, ours, theirs, seconds, differed).closed(backtest=True)
            if block is not None:
                found.append(block)

    def blocks(self) -> tuple[tuple[Block, ...], ...]:
        """The blocks of every row; closes the one under way."""
        if self._start is not None:
            self._close(self._start)
            self._start = None
        return tuple(tuple(found) for found in self._blocks)
