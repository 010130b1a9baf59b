"""What the standby rung asks of its pool, and what it does when the pool gives some of its standbys up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgewarm.decide.migration import Leaver
from edgewarm.decide.newsvendor import probability_needed
from edgewarm.decide.standbys import Changes
from edgewarm.engine.rungs import RungSituation
from edgewarm.model.pool import Request
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Pod

GIVEN_UP = "its pool gives it up for what matters more"


def standby_requests(situation: RungSituation, count: int, there: int) -> tuple[Request, ...]:
    """One for each standby that is to be made, the most valuable first."""
    workload, policy = situation.workload, situation.policy
    return tuple(
        Request(
            name=f"standby {number} of {situation.item.key}",
            owner=situation.item.key,
            rung=RungName.STANDBY,
            amounts=workload.asks,
            constraints=workload.constraints,
            qos=policy.qos,
            preemptible=policy.preemptible,
            value=_value(situation, there + number),
            regions=policy.regions,
        )
        for number in range(1, count + 1)
    )


def _value(situation: RungSituation, standby: int) -> float:
    """(1 + kappa) P(need >= n) - 1 of the standby as the n-th pod; kappa where only a minimum asks for it."""
    policy, outlook = situation.policy, situation.situation.outlook
    if outlook is None:
        return policy.kappa
    nth = max(situation.verdict.wanted, situation.workload.replicas) + standby
    return max(0.0, (1 + policy.kappa) * probability_needed(outlook.lead, nth, policy.capacity_per_pod) - 1)


def aimed(requests: tuple[Request, ...], leaving: Sequence[Leaver], standbys: Iterable[Pod]) -> tuple[Request, ...]:
    """The first goes where the pod of a full node may go, unless a standby is there, or on its way, already."""
    to = next((leaver.to for leaver in leaving if leaver.to is not None), None)
    if to is None or not requests or any(not pod.node or pod.node in to for pod in standbys):
        return requests
    return (replace(requests[0], only=to), *requests[1:])


def yielded(situation: RungSituation, todo: Changes, pods: tuple[Pod, ...]) -> Changes:
    """Also those that the pool gives up for others."""
    going = {pod.uid for pod, _ in todo.delete}
    lost = tuple((p, GIVEN_UP) for p in pods if p.key in situation.given_up and p.uid not in going)
    return replace(todo, delete=(*todo.delete, *lost))
