"""Ours beside every peer on one scene; a peer's knobs are chosen in hindsight, for each kappa, on the test span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgewarm.replay.costs import Cost, costs
from edgewarm.replay.peers.peer import Peer, Plans
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course

OURS, REACTIVE, ORACLE = "edgewarm", "reactive", "oracle"
TITLES = {OURS: "edgewarm", REACTIVE: "edgewarm, strategy Reactive", ORACLE: "oracle with lead (limit)"}


@dataclass(frozen=True)
class Rival:
    """A peer with the cost of every setting of its knobs."""

    peer: Peer
    plans: Plans
    costs: tuple[Cost, ...]

    @classmethod
    def of(cls, peer: Peer, scene: Scene) -> Rival:
        plans = peer.plans(scene)
        return cls(peer, plans, tuple(costs(scene, plans.course)))

    def best(self, kappa: float) -> int:
        """The setting that would have been cheapest."""
        return int(np.argmin([cost.total(kappa) for cost in self.costs]))

    @property
    def untuned(self) -> Cost | None:
        """The cost of the setting that the peer ships with, None where it has none."""
        default = self.peer.default
        return self.costs[self.plans.labels.index(default)] if default else None

    def column(self, setting: int) -> Course:
        """The course of one setting, (T, 1)."""
        course = self.plans.course
        return Course(course.wanted[:, [setting]], course.ready[:, [setting]])


@dataclass(frozen=True)
class Row:
    """A line of the table of one kappa: `knob` is empty where nothing was tuned.

    `untuned` is the cost of the setting that a peer ships with, None where there is none.
    """

    name: str
    title: str
    knob: str
    cost: Cost
    untuned: Cost | None = None


@dataclass(frozen=True)
class Comparison:
    """`ours`, `reactive` and `oracle` by kappa; all rivals once, they know no kappa."""

    scene: Scene
    ours: Mapping[float, Course]
    reactive: Mapping[float, Course]
    oracle: Mapping[float, Course]
    rivals: tuple[Rival, ...]

    @property
    def kappas(self) -> tuple[float, ...]:
        return tuple(self.ours)

    @cached_property
    def our_costs(self) -> Mapping[float, Cost]:
        return {kappa: costs(self.scene, course)[0] for kappa, course in self.ours.items()}

    def best_rival(self, kappa: float) -> Rival | None:
        """The peer that would have been cheapest with its best knobs; None where no peer was asked for."""
        return min(self.rivals, key=lambda rival: rival.costs[rival.best(kappa)].total(kappa), default=None)

    def ratio(self, kappa: float) -> float | None:
        """Our cost over that of the best tuned peer; None without a peer, or where that costs nothing."""
        best = self.best_rival(kappa)
        theirs = 0.0 if best is None else best.costs[best.best(kappa)].total(kappa)
        return self.our_costs[kappa].total(kappa) / theirs if theirs > 0 else None

    def rows(self, kappa: float) -> list[Row]:
        """Ours, then the peers from the cheapest to the dearest, then what they are seen against."""
        peers = [
            Row(rival.peer.name, rival.peer.title, rival.plans.labels[best], rival.costs[best], rival.untuned)
            for rival in self.rivals
            for best in [rival.best(kappa)]
        ]
        peers.sort(key=lambda row: row.cost.total(kappa))
        ours = Row(OURS, TITLES[OURS], "", self.our_costs[kappa])
        others = [
            Row(name, TITLES[name], "", costs(self.scene, found[kappa])[0])
            for name, found in ((REACTIVE, self.reactive), (ORACLE, self.oracle))
        ]
        return [ours, *peers, *others]
