"""Which rows of a lesson play which policy in the rehearsal: those of one policy together, in pods if it has resources.

A policy of which only some rows learn now (a resource was added) is not rehearsed: the others' past is not at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgewarm.engine.rehearsal import Rehearsal, Terms
from edgewarm.forecast.joint import joint_demand, joint_fleet
from edgewarm.forecast.protocol import FleetForecast, rows_of
from edgewarm.learn.confidence import Block
from edgewarm.model.demand import FloatArray
from edgewarm.model.identity import Key, SeriesKey


class Casting:
    """`see` every step of a lesson's rows (N,); `blocks` then has what each whole policy's forecast was worth."""

    def __init__(self, rows: Sequence[SeriesKey], terms: Mapping[Key, Terms], step_seconds: float) -> None:
        parts: dict[Key, dict[str, int]] = {}
        for row, key in enumerate(rows):
            if key.part is not None:
                continue  # nobody decides on a part
            parts.setdefault(key.policy, {})[key.series] = row
        whole = {
            key: found for key, found in parts.items() if key in terms and found.keys() == _shares(terms[key]).keys()
        }
        self.policies = tuple(whole)
        played = [(row, _shares(terms[key])[name]) for key, found in whole.items() for name, row in found.items()]
        self._rows = np.array([row for row, _ in played], dtype=np.int64)
        self._per_pod = np.array([each for _, each in played], dtype=np.float64)
        sizes = [len(found) for found in whole.values()]
        self._starts = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
        self._plain = len(whole) == len(rows)
        self._rehearsal = Rehearsal([terms[key] for key in whole], step_seconds)

    def see(self, step: int, demand: FloatArray, fleet: FleetForecast) -> None:
        """One step of all rows; only to be called with whole policies."""
        if not self._plain:
            demand, fleet = self._joint(demand, fleet)
        self._rehearsal.see(step, demand, fleet)

    def _joint(self, demand: FloatArray, fleet: FleetForecast) -> tuple[FloatArray, FleetForecast]:
        mine = self._rows
        rows = rows_of(fleet, mine)
        return joint_demand(demand[mine], self._per_pod, self._starts), joint_fleet(rows, self._per_pod, self._starts)

    def blocks(self) -> Mapping[Key, tuple[Block, ...]]:
        """The blocks of every whole policy; closes the one under way."""
        return dict(zip(self.policies, self._rehearsal.blocks(), strict=True)) if self.policies else {}


def _shares(terms: Terms) -> Mapping[str, float]:
    return dict(terms.shares)
