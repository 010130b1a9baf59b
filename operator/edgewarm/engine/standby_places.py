"""What the standby rung asks of its pool, what it gives up for others, and what it could. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from edgewarm.decide.migration import Leaver
from edgewarm.decide.newsvendor import probability_needed
from edgewarm.decide.promoting import is_draining, is_standby, standing_on
from edgewarm.decide.standbys import Changes
from edgewarm.engine.resting import template_sizes, unable_to_rise
from edgewarm.engine.rungs import RungSituation
from edgewarm.model.pool import Request
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Pod
from edgewarm.pools.placement import Placed
from edgewarm.pools.yielding import Giver

GIVEN_UP = "its pool gives it up for what matters more"
NOTHING = Giver(())


def standby_requests(situation: RungSituation, count: int, there: int) -> tuple[Request, ...]:
    """One for each standby that is to be made, the most valuable first."""
    first = max(situation.verdict.wanted, situation.workload.replicas)
    return pod_requests(situation, RungName.STANDBY, "standby", range(first + there, first + there + count))


def pod_requests(
    situation: RungSituation, rung: RungName, what: str, before: range, price: float = 1.0
) -> tuple[Request, ...]:
    """One for each pod that is to be made after so many; `price`: its share of an idle serving pod's."""
    workload, policy = situation.workload, situation.policy
    return tuple(
        Request(
            name=f"{what} {number} of {situation.item.key}",
            owner=situation.item.key,
            rung=rung,
            amounts=workload.asks,
            constraints=workload.constraints,
            qos=policy.qos,
            preemptible=policy.preemptible,
            value=price * _value(situation, nth),
            regions=policy.regions,
        )
        for number, nth in enumerate((there + 1 for there in before), 1)
    )


def granted(situation: RungSituation, requests: Iterable[Request], why: str) -> Iterator[tuple[str | None, str]]:
    """For each pod that may be made now: the node that the pool names, or None where the scheduler chooses; and why.
    One whose place must be made free first is made in a later pass."""
    for request in requests:
        if situation.places is None:
            yield None, why
            continue
        answer = situation.places.get(request.name)
        if isinstance(answer, Placed) and not answer.waits:
            yield answer.node, f"{why} on {answer.node}"


def _value(situation: RungSituation, nth: int) -> float:
    """(1 + kappa) P(need >= n) - 1 of the n-th pod; kappa where only a minimum asks for it."""
    policy, outlook = situation.policy, situation.situation.outlook
    if outlook is None:
        return policy.kappa
    return max(0.0, (1 + policy.kappa) * probability_needed(outlook.lead, nth, policy.capacity_per_pod) - 1)


def drained(situation: RungSituation, pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """Without those that were parked so lately that their connections may go on."""
    drain = situation.policy.rungs.drain_seconds
    return tuple(pod for pod in pods if not is_draining(pod, drain, situation.now))


def giver(situation: RungSituation) -> Giver:
    """What the policy could give to pods that find no room, in this pass."""
    workload, view = situation.workload, situation.view
    current = standing_on(workload, view.replica_sets.get(workload.uid, ())).current
    if current is None or not situation.begins(RungName.STANDBY):
        return NOTHING
    pods = [pod for pod in view.owned_by(situation.item.uid) if is_standby(pod) and pod.is_active]
    size = template_sizes(workload, situation.policy.rungs.standby, view.can_resize)
    able = {pod.uid for pod in pods} - unable_to_rise(situation, pods, size)
    own = view.owned_by(current.uid) if able else ()  # who stands for none of them is in the way of these, too
    return Giver(drained(situation, pods), frozenset(pod.uid for pod in own))


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
