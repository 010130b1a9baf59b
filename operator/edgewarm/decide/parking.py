"""Which serving pods are parked when replicas are taken away, rather than deleted.

    parked = min(replicas taken away, standbys wanted then - standbys there, pods ready - replicas left)

The standby rung says how many are worth keeping beyond the replicas (decide.standbys): what the forecast wants back
within break-even. A pod that is ready already is a better standby than one that has yet to start.

Chosen are those that the ReplicaSet would delete: on the node with the most of them, then Ready for the shortest time.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgewarm.decide.promoting import Crew
from edgewarm.decide.situation import Situation
from edgewarm.decide.standbys import foreseen, wanted
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.workload import Pod


def parkable(situation: Situation, terms: StandbyTerms, after: int, there: int) -> int:
    """How many pods to park when the replicas go down to `after`, with so many standbys there."""
    worth = wanted(max(0, foreseen(situation, terms) - after), (), terms).count
    return max(0, min(situation.current - after, worth - there))


def parkings(crew: Crew, count: int, after: int) -> tuple[Pod, ...]:
    """The pods to park when the replicas go down to `after`. As many stay ready: what the ReplicaSet lacks of them now,
    or still starts, it deletes first, and that is no warmth to keep."""
    ready = [pod for pod in crew.pods if pod.is_active and pod.ready_at is not None]
    return tuple(_crowded_first(ready)[: max(0, min(count, len(ready) - after))])


def _crowded_first(pods: Sequence[Pod]) -> list[Pod]:
    left, order = list(pods), []
    while left:
        there: dict[str, int] = {}
        for pod in left:
            there[pod.node] = there.get(pod.node, 0) + 1
        pod = max(left, key=lambda one: (there[one.node], one.ready_at or 0.0, one.key))
        left.remove(pod)
        order.append(pod)
    return order
