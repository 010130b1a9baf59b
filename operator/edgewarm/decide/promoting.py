"""Which standbys become serving pods now.

    n    = min(ReplicaSet.spec.replicas - kept, most) - promoted ones that it has not adopted yet
    kept = its active pods that were Ready once            (they serve, or may have live work)
    kept = its active pods that are no longer Pending      (while one that was Ready once is not Ready now)
    most = max(0, ReplicaSet.spec.replicas - ReplicaSet.status.replicas) + its active pods that were never Ready

The ReplicaSet adopts what is promoted and deletes what it then has too many of, in its own order: unassigned, Pending,
not Ready first. While readiness flaps, that order could hit a pod with live work, so only Pending ones are replaced
then. `most` holds while the watch of pods lags: what the ReplicaSet counts and nobody sees may serve.

| Deployment                                                 | promotes |
|------------------------------------------------------------|----------|
| its controller has not seen the last change of the spec     | no       |
| paused                                                     | no       |
| a rollout is under way: not complete, or another ReplicaSet has or wants pods | no |
| otherwise                                                  | yes      |

A rollout's gates (readiness of new pods, minReadySeconds) are measured on pods that start cold; a promoted standby
would pass them without having been tried.

A standby at rest (decide.resting) is promoted in two acts: it rises, and once its kubelet has given it the cpu of the
template it is promoted as any other. What rises counts until its kubelet says that it cannot.

    rises = n - standbys of full size - those that rise already
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from edgewarm.decide.resting import Sizes
from edgewarm.model.names import PARKED_AT_LABEL, RUNG_LABEL, TEMPLATE_HASH_LABEL
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Pod, ReplicaSet, Workload

ONE_SIZE = Sizes({})
"""Nothing is resized."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The ReplicaSet that a Deployment stands on, or why there is none to act on."""

    current: ReplicaSet | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Crew:
    """A ReplicaSet, its pods, the standbys built for it, and how many were promoted but not adopted yet.

    `shunned` are nodes that pods are to leave: the standbys there are the last to serve.
    `sizes` are those of the template, for standbys that may be at rest.
    """

    replica_set: ReplicaSet
    pods: tuple[Pod, ...]
    standbys: tuple[Pod, ...]
    arriving: int = 0
    shunned: frozenset[str] = frozenset()
    sizes: Sizes = ONE_SIZE


def standing_on(workload: Workload, replica_sets: Iterable[ReplicaSet]) -> Standing:
    """By the table above; `replica_sets` are those of the Deployment."""
    rollout = workload.rollout
    if rollout is None:
        return Standing(None, f"{workload.ref} is no Deployment")
    if not rollout.observed:
        return Standing(None, "the Deployment controller has not seen the last change yet")
    if rollout.paused:
        return Standing(None, "the Deployment is paused")
    current, others = None, 0
    for one in replica_sets:
        if one.revision == rollout.revision:
            current = one
        else:
            others += max(one.wanted, one.counted)
    if current is None:
        return Standing(None, "the ReplicaSet of the current template is not there yet")
    if others or not rollout.complete:
        return Standing(None, "a rollout is under way")
    return Standing(current)


def is_standby(pod: Pod) -> bool:
    """Whether it is one of ours; it may be starting, or going away."""
    return pod.labels.get(RUNG_LABEL) == RungName.STANDBY


def parked_at(pod: Pod) -> float | None:
    """When it was a serving pod last; None for one that never was."""
    text = pod.labels.get(PARKED_AT_LABEL, "")
    return float(text) if text.isdecimal() else None


def is_draining(pod: Pod, drain_seconds: float, now: float) -> bool:
    """Parked so lately that its connections may still go on: it is left alone."""
    at = parked_at(pod)
    return at is not None and now - at < drain_seconds


def fits(pod: Pod, replica_set: ReplicaSet) -> bool:
    """Built from this ReplicaSet's template."""
    return pod.labels.get(TEMPLATE_HASH_LABEL) == replica_set.template_hash


def differs(pod: Pod, siblings: Iterable[Pod], sizes: Sizes = ONE_SIZE) -> bool:
    """Admission made something else of it than of the ReplicaSet's own pods; without any of these nobody can say.

    One that asks for less cpu than the template is at rest.
    """
    low = sizes.is_low(pod)
    shapes = {one.frame if low else one.shape for one in siblings}
    return bool(shapes) and (pod.frame if low else pod.shape) not in shapes


def is_warm(pod: Pod, crew_pods: Iterable[Pod], sizes: Sizes = ONE_SIZE) -> bool:
    """Ready, with the cpu that is asked for it, and else the same as the pods that it would stand beside."""
    settled = pod.sizing is None or pod.sizing.is_settled
    return pod.is_active and pod.ready_at is not None and settled and not differs(pod, crew_pods, sizes)


def missing(crew: Crew) -> int:
    """n of the formula above, not below 0."""
    active = [pod for pod in crew.pods if pod.is_active]
    flapping = any(pod.once_ready and pod.ready_at is None for pod in active)
    kept = [pod for pod in active if (pod.phase != "Pending" if flapping else pod.once_ready)]
    base = crew.replica_set
    most = max(0, base.wanted - base.counted) + sum(not pod.once_ready for pod in active)
    return max(0, min(base.wanted - len(kept), most) - crew.arriving)


def promotions(crew: Crew) -> tuple[Pod, ...]:
    """The standbys to promote: those on nodes with the fewest of the pods, then those that have waited longest."""
    return tuple(in_order(crew)[: missing(crew)])


def in_order(crew: Crew) -> list[Pod]:
    """The standbys that could serve at once, in the order in which they would."""
    return _spread([pod for pod in _warm(crew) if not crew.sizes.is_low(pod)], crew)


def rises(crew: Crew, roomy: Collection[str]) -> tuple[Pod, ...]:
    """The standbys at rest that are to rise, in the same order; `roomy`: uids of those whose node has the room."""
    count = missing(crew) - len(promotions(crew)) - _on_the_rise(crew)
    return tuple(at_rest(crew, roomy)[: max(0, count)])


def at_rest(crew: Crew, roomy: Collection[str]) -> list[Pod]:
    """Those of `roomy` that are warm at rest, in the order in which they would serve."""
    return _spread([pod for pod in _warm(crew) if crew.sizes.is_low(pod) and pod.uid in roomy], crew)


def promised(crew: Crew) -> int:
    """How many of the standbys are about to be promoted, at rest or not."""
    return min(missing(crew), len(_warm(crew)) + _on_the_rise(crew))


def called(crew: Crew) -> frozenset[str]:
    """Uids of the standbys that serve as soon as they can, for a pod is lacking: at their full size, or on the rise."""
    return frozenset(pod.uid for pod in (*promotions(crew), *rising(crew))) if missing(crew) else frozenset()


def rising(crew: Crew) -> list[Pod]:
    """Ready standbys that were asked to rise and have not their cpu yet, whatever their kubelets say of it."""
    able = (pod for pod in crew.standbys if fits(pod, crew.replica_set) and pod.is_active and pod.ready_at is not None)
    return [pod for pod in able if crew.sizes.is_rising(pod)]


def trouble(pod: Pod) -> str:
    """Why its kubelet does not give it the cpu that is asked; empty where it says nothing against it."""
    return "" if pod.sizing is None else pod.sizing.trouble


def _warm(crew: Crew) -> list[Pod]:
    return [pod for pod in crew.standbys if fits(pod, crew.replica_set) and is_warm(pod, crew.pods, crew.sizes)]


def _on_the_rise(crew: Crew) -> int:
    """Those that rise, as far as their kubelets have said nothing against it."""
    return sum(not trouble(pod) for pod in rising(crew))


def _spread(standbys: Sequence[Pod], crew: Crew) -> list[Pod]:
    there: dict[str, int] = {}
    for pod in crew.pods:
        there[pod.node] = there.get(pod.node, 0) + (pod.ready_at is not None)
    order, left = [], sorted(standbys, key=lambda pod: (pod.created_at, pod.key))
    while left:
        pod = min(left, key=lambda one: (one.node in crew.shunned, there.get(one.node, 0)))
        left.remove(pod)
        there[pod.node] = there.get(pod.node, 0) + 1
        order.append(pod)
    return order
