"""How many placeholders to hold, and the difference between those there are and those there should be.

    K_room = p50 of Scheduling where room was not there    H_room = holdingCost
    K_standby, K_replica, H: as in decide.standbys         W = the scale-down window, for which a placeholder stays
    held   = the count of rung NodeRoom on the ladder of room, standby and replica (decide.rungs), at most maxReplicas;
             its quantile is of the largest demand within A_room + W
    wanted = held - replicas - standbys, the largest of the scale-down window, within rungs.nodeRoom.min and max

Images and data are not on this ladder: they hold no room. A stage that never made a pod wait is worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from edgewarm.decide.leads import ahead_seconds, spared_minutes
from edgewarm.decide.newsvendor import held
from edgewarm.decide.rules import is_unsure
from edgewarm.decide.rungs import Rung, ladder
from edgewarm.decide.situation import Situation
from edgewarm.decide.standbys import PROMOTION_SECONDS
from edgewarm.model.names import TEMPLATE_HASH_LABEL
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import NodeRoomTerms, RungName
from edgewarm.model.stages import Stage
from edgewarm.model.workload import Pod

STARTING_AT_ONCE = 20
"""Placeholders made in one pass: many that find no room would only wait."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Quantiles of the measured stages of a start, in seconds."""

    p50: Mapping[Stage, float]
    p90: Mapping[Stage, float]


def foreseen(
    situation: Situation, terms: NodeRoomTerms, stages: Stages, within: Callable[[float], Quantiles | None]
) -> int:
    """Pods, replicas and standbys included, that the ladder wants room for; 0 without a trusted forecast.

    `within` answers with the largest demand from now until so many seconds ahead.
    """
    outlook, policy = situation.outlook, situation.policy
    if outlook is None or situation.learning or is_unsure(situation):
        return 0
    window = policy.scale_down.stabilization_seconds
    whole = within(ahead_seconds(stages.p90, Stage.SCHEDULING) + window)
    if whole is None:
        return 0
    spared, cold = spared_minutes(stages.p50, Stage.SCHEDULING), situation.lead_seconds / 60
    rungs = [Rung(RungName.NODE_ROOM, spared, terms.price, max(1.0, window / 60)), Rung(RungName.REPLICA, cold, 1.0)]
    if policy.rungs.standby is not None:
        ready = max(0.0, cold - PROMOTION_SECONDS / 60)
        rungs.append(Rung(RungName.STANDBY, ready, policy.rungs.standby.price))

    def needed(rung: str, level: float) -> int:
        quantiles = whole if rung == RungName.NODE_ROOM else outlook.lead
        return held(quantiles, level, policy.capacity_per_pod)

    counts = ladder(rungs, policy.holding_kappa, needed, outlook.lead.levels[-1])
    return min(policy.bounds.high, counts.get(RungName.NODE_ROOM, 0))


def bounded(asked: int, recent: Sequence[int], terms: NodeRoomTerms) -> tuple[int, RungReason]:
    """`asked` beyond replicas and standbys by forecast, `recent` the same within the scale-down window."""
    kept = max((asked, *recent))
    count = max(terms.least, min(kept, terms.most))
    if count > kept:
        return count, RungReason.NODE_ROOM_MINIMUM
    return count, RungReason.NODE_ROOM_MAXIMUM if count < kept else RungReason.NODE_ROOM_FORECAST


def unpushed(spec: Mapping[str, object], pods: Sequence[Pod]) -> str | None:
    """Why pods of this template (`pods`: those there are) would push no placeholder out, and what to do about it."""
    if spec.get("preemptionPolicy") == "Never":
        return "the workload's preemptionPolicy is Never, so its pods push nobody out: remove it, or rungs.nodeRoom"
    low = next((pod for pod in pods if pod.priority < 0), None)
    if low is not None:
        return (
            f"{low.key.name} has priority {low.priority}, and placeholders may have as much: give the workload a "
            "PriorityClass of 0 or more, or remove rungs.nodeRoom"
        )
    return None


@dataclass(frozen=True, slots=True)
class Changes:
    """How many placeholders to make, and which to delete, each with its reason."""

    make: int
    delete: tuple[tuple[Pod, str], ...] = ()


def changes(pods: Sequence[Pod], count: int, key: str, returned: Collection[str] = ()) -> Changes:
    """From the placeholders there are to `count` of them that are like `key`.

    What ended (an eviction leaves it behind) is cleared away; of a surplus, those without a node go first, then those
    of `returned` (uids: their nodes have been silent since they were made), then the youngest.
    """
    active = [pod for pod in pods if pod.is_active]
    ended = [(pod, "it has ended") for pod in pods if not pod.holds_room and not pod.deleting]
    fresh = [pod for pod in active if pod.labels.get(TEMPLATE_HASH_LABEL) == key]
    other = [(pod, "built for other requests or constraints") for pod in active if pod not in fresh]
    kept = sorted(fresh, key=lambda pod: (not pod.node, pod.uid in returned, pod.created_at, pod.key))
    surplus = [(pod, "more than are wanted") for pod in kept[count:]]
    return Changes(min(STARTING_AT_ONCE, max(0, count - len(fresh))), (*ended, *other, *surplus))
