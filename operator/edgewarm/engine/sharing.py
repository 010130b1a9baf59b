"""What the policies of a pass share, once each has planned on its own: the room of the nodes, and their pools.

    standbys that make room for pods that find none -> what the pools answer -> whom it concerns plans its rungs again

A bug that one policy meets leaves its rungs without a plan for this pass: what was planned without the others' say must
not be carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgewarm.engine.alone import alone
from edgewarm.engine.ladder import Ladder, LadderPlan
from edgewarm.engine.pool_cases import askers, demands_by_node, pooled
from edgewarm.engine.pooling import Pools, PoolState
from edgewarm.engine.reports import Case, Found
from edgewarm.engine.rungs import RungSituation
from edgewarm.engine.standby_places import giver
from edgewarm.model.identity import Key
from edgewarm.model.view import ClusterView
from edgewarm.pools.yielding import Giver, yielding


class Sharing:
    """Remembers, between passes, what the pools do."""

    def __init__(self, ladder: Ladder) -> None:
        self._ladder = ladder
        self._pools = Pools()

    def share(
        self, found: Sequence[Found], view: ClusterView, now: float
    ) -> tuple[list[Found], Mapping[str, PoolState]]:
        """All that was found, with the rungs as the others and the pools leave them, and the pools by name."""
        yields = self._yields(found, view, now)
        found = [self._again(one, _yielding(one, yields)) for one in found]
        states = self._pools.plan(view, askers(found, view), demands_by_node(found), now)
        return [self._again(one, pooled(one, states)) for one in found], states

    def _yields(self, found: Sequence[Found], view: ClusterView, now: float) -> frozenset[Key]:
        """None while a deletion of a standby may be on its way and not be seen yet."""
        room, givers = self._ladder.room(view), list[Giver]()
        cases = (one.case for one in found if one.case is not None)
        for climb in (case.climb for case in cases if case.climb is not None and room.waiting):
            with alone(climb.item.key, "a policy gives way to nobody"):
                givers.append(giver(climb))
                if givers[-1].standbys and climb.item.uid in view.unseen:
                    return frozenset()
        return frozenset(pod.key for pod in yielding(givers, room, now))

    def _again(self, one: Found, climb: RungSituation | None) -> Found:
        """Its rungs planned anew where there is something new to look at."""
        case = one.case
        if case is None or climb is None:
            return one
        with alone(one.around.item.key, "the rungs of a policy could not be planned again"):
            return replace(one, case=replace(case, climb=climb, ladder=self._ladder.plan(climb)))
        return replace(one, case=replace(case, ladder=LadderPlan()))


def _yielding(one: Found, yields: frozenset[Key]) -> RungSituation | None:
    case: Case | None = one.case
    if case is None or case.climb is None:
        return None
    mine = frozenset(pod.key for pod in case.climb.view.owned_by(one.around.item.uid)) & yields
    return replace(case.climb, yields=mine) if mine else None
