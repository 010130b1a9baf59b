"""The standby rung: ready pods of a Deployment that get no traffic, and become serving pods in an instant.

What becomes of the standbys in a pass (their promotion does not wait for one, see engine.promoter):

| the policy, its Deployment                           | standbys                                             |
|------------------------------------------------------|------------------------------------------------------|
| rungs.standby is gone                                | all are deleted                                      |
| rollout under way, paused, stale                     | stay as they are (StandbyHeld)                       |
| the template cannot have any                         | all are deleted (StandbyRefused)                     |
| admission treats them otherwise than the own pods    | one is kept to see when that ends (StandbyDiffers)   |
| something selects one, as a Service added later does | it gets other labels                                 |
| a pod finds no room, and it is chosen to make some   | that one is deleted, with one second of grace        |
| it was parked less than rungs.parking.drain ago      | it is left alone, and counted as warming             |
| it stands on a node that pods are to leave           | another is made elsewhere first, then it goes        |
| its pool gives one up for a policy of higher QoS     | that one is deleted                                  |
| its pool has no place for a new one                  | it is not made, and asked for again                  |
| data is on its way to where a new one would start    | it is not made, and asked for again                  |
| rungs.standby.rest, and no pod is lacking            | ready ones are resized to it (engine.resting), but   |
|                                                      | for the one that takes the place of a pod that leaves |
| it stands on a node that has been silent for a while | it is left alone and not counted (pools.silence)     |
| otherwise                                            | made, replaced and deleted towards the wanted count  |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from edgewarm.decide.hiding import altered, exposure, feeding, hidden, selectors_of
from edgewarm.decide.migration import beside, kept_up
from edgewarm.decide.promoting import (
    Crew,
    Standing,
    differs,
    fits,
    is_standby,
    missing,
    promised,
    standing_on,
)
from edgewarm.decide.standby_refusals import Template, refusal
from edgewarm.decide.standbys import Changes, Flock, Wanted, changes, foreseen, roomy, roomy_at_rest, wanted
from edgewarm.engine.remarks import Remark
from edgewarm.engine.resting import (
    priced_terms,
    resize_remarks,
    resizes,
    rest_problem,
    template_sizes,
    unable_to_rise,
)
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.standby_places import aimed, drained, granted, standby_requests, yielded
from edgewarm.manifests.standby import StandbyDraft, relabelled, standby_labels, standby_pod
from edgewarm.model.operations import CreateObject, DeleteObject, Operation, PatchObject
from edgewarm.model.policy import Policy
from edgewarm.model.pool import Request
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import Place, RungCount, RungName, StandbyTerms
from edgewarm.model.workload import Pod, ReplicaSet, Selector, Service
from edgewarm.pools.silence import returned
from edgewarm.pools.yielding import GRACE_SECONDS

HERE = Place(RungName.STANDBY)


@dataclass(frozen=True)
class StandbyRung:
    """Fulfils the protocol `Rung`."""

    name: RungName = RungName.STANDBY

    def is_wanted(self, policy: Policy) -> bool:
        return policy.rungs.standby is not None

    def plan(self, situation: RungSituation) -> RungPlan:
        """By the table above."""
        pods = tuple(p for p in situation.view.owned_by(situation.item.uid) if is_standby(p) and p.is_active)
        terms = situation.policy.rungs.standby
        if terms is None:
            return _emptied(situation, pods, RungReason.STANDBY_NOT_ASKED, "rungs.standby is not there any more")
        base = standing_on(situation.workload, situation.view.replica_sets.get(situation.workload.uid, ()))
        until = situation.policy.paused_until
        if base.current is None or (until is not None and situation.now < until):
            return _as_is(pods, base)
        return _planned(situation, terms, base.current, pods)


def _planned(situation: RungSituation, terms: StandbyTerms, current: ReplicaSet, every: tuple[Pod, ...]) -> RungPlan:
    labels, problem = _labels(situation)
    if problem is not None:
        plan = _emptied(situation, every, RungReason.STANDBY_REFUSED, problem)
        remark = Remark("StandbyRefused", True, "TemplateRefused", f"no standby is held: {problem}")
        return RungPlan(plan.counts, plan.operations, (remark,), problem)
    pods = situation.heard(every)
    siblings = tuple(pod for pod in situation.view.owned_by(current.uid) if pod.is_active)
    leaving = situation.leavers
    left = frozenset(situation.emptied(pods))
    size = template_sizes(situation.workload, terms, situation.view.can_resize)
    back, drain = returned(pods, situation.view.nodes), situation.policy.rungs.drain_seconds
    flock = Flock(current, pods, siblings, terms.max_age_seconds, drain, left, size, back)
    found, remarks = _count(situation, terms, flock)
    count = _counted(situation, flock, found)
    given = tuple(pod for pod in every if pod.key in situation.yields)
    todo = Changes(delete=tuple((pod, "a pod finds no room") for pod in given))
    crew = Crew(replace(current, wanted=max(current.wanted, situation.replicas_ahead)), siblings, pods, 0, left, size)
    if not given:
        slots = situation.room.slots(situation.workload.pod, situation.workload.constraints)
        todo = changes(flock, situation.target(count), promised(crew), slots, situation.now)
        todo = replace(todo, make=max(0, todo.make - situation.to_be_parked))
    requests = aimed(standby_requests(situation, todo.make, len(pods)), leaving, pods)
    todo = yielded(situation, todo, every)
    spared = {pod.uid for pod, _ in todo.delete} | kept_up(replace(crew, standbys=drained(situation, pods)), leaving)
    resized = resizes(situation, flock, spared, lacking=missing(crew) > 0)
    operations = [*_hiding(situation, every), *_deletions(situation, todo, given), *resized.operations]
    draft = StandbyDraft(situation.item.key, situation.item.uid, current, situation.workload.template, labels)
    operations += _creations(situation, draft, requests)
    remarks = (*remarks, *resize_remarks(situation, flock, resized.short), *_parking(situation))
    return RungPlan((count,), tuple(operations), remarks, _note(count, found), ((HERE, found.asked),), requests)


def _parking(situation: RungSituation) -> Iterator[Remark]:
    """Parking needs the say over the replicas."""
    owner = situation.view.autoscalers.get((situation.workload.namespace, situation.workload.ref))
    if situation.policy.rungs.parking is not None and owner is not None:
        message = (
            f"{owner.kind} {owner.key.name} scales in and knows nothing of parking, so nothing is parked: "
            f"delete that {owner.kind}, or remove rungs.parking"
        )
        yield Remark("ParkingIdle", True, "ScaledByOther", message)


def hidden_labels(situation: RungSituation, labels: Mapping[str, str]) -> dict[str, str] | None:
    """The labels of a standby that has been a serving pod with these; None where it could be none."""
    if _labels(situation)[1] is not None:
        return None
    own, services = situation.workload.selector, _services(situation)
    found = hidden(labels, selectors_of(own, feeding(labels, services)))
    return None if exposure(found, own, services) else dict(found)


def _labels(situation: RungSituation) -> tuple[dict[str, str], str | None]:
    """The labels of a new standby, or why there can be none."""
    template, services = situation.workload.template, _services(situation)
    feeders = feeding(template.labels, services)
    labels = hidden(template.labels, selectors_of(situation.workload.selector, feeders))
    problem = refusal(Template(template.spec, feeders, altered(template.labels, labels)))
    by = exposure({**labels, **standby_labels(situation.item.key.name)}, situation.workload.selector, services)
    if problem is None and by is not None:
        problem = f"{by} selects a standby whatever its labels: change that selector, or remove rungs.standby"
    return dict(labels), problem or rest_problem(situation)


def _count(situation: RungSituation, terms: StandbyTerms, flock: Flock) -> tuple[Wanted, tuple[Remark, ...]]:
    """How many are wanted, and what hinders."""
    there = len(flock.standbys)
    differing = [
        pod for pod in flock.standbys if fits(pod, flock.replica_set) and differs(pod, flock.pods, flock.sizes)
    ]
    if differing:
        message = (
            f"{len(differing)} of {there} standbys have other containers, resources or another account than the "
            f"workload's pods, as {differing[0].key.name} has: let the admission webhooks treat both alike"
        )
        remark = Remark("StandbyDiffers", True, "AdmissionDiffers", message)
        return Wanted(1, RungReason.STANDBY_DIFFERS, 0), (remark,)
    found = wanted(_asked(situation, terms), situation.recent(HERE), terms)
    found = beside(found, len(situation.leavers), terms)
    if situation.in_doubt and there > found.count:
        found = replace(found, count=min(there, terms.most), reason=RungReason.STANDBY_HELD)
    where, priority = (
        situation.workload.constraints,
        max((p.priority for p in (*flock.pods, *flock.standbys)), default=0),
    )
    room, never = situation.room, situation.workload.template.spec.get("preemptionPolicy") == "Never"
    if terms.rest is not None:
        slots = room.without(flock.standbys).slots(situation.workload.pod, where)
        return roomy_at_rest(found, slots, len(situation.leavers)), ()
    pushes = not never and room.could_push_out(priority, where)
    placed = sum(bool(pod.node) and pod.node not in flock.shunned for pod in flock.standbys)
    return roomy(found, placed, room.slots(situation.workload.pod, where), pushes), ()


def _asked(situation: RungSituation, terms: StandbyTerms) -> int:
    """What the forecast asks for beyond the replicas."""
    return max(0, foreseen(situation.situation, priced_terms(situation, terms)) - situation.replicas_ahead)


def _as_is(pods: tuple[Pod, ...], base: Standing) -> RungPlan:
    warm = sum(pod.ready_at is not None for pod in pods)
    count = RungCount(HERE, len(pods), warm, len(pods) - warm, len(pods), str(RungReason.STANDBY_HELD))
    return RungPlan((count,), (), (), f"standbys stay as they are: {base.problem or 'the policy is paused'}")


def _emptied(situation: RungSituation, pods: tuple[Pod, ...], reason: RungReason, why: str) -> RungPlan:
    """All go; nothing is said where nothing is left and nothing is asked."""
    if not pods and reason is RungReason.STANDBY_NOT_ASKED:
        return RungPlan()
    todo = Changes(delete=tuple((pod, why) for pod in drained(situation, pods)))
    count = RungCount(HERE, 0, 0, len(pods), len(pods), str(reason))
    return RungPlan((count,), tuple(_deletions(situation, todo, ())), (), why)


def _counted(situation: RungSituation, flock: Flock, found: Wanted) -> RungCount:
    pods = flock.standbys
    stuck = unable_to_rise(situation, pods, flock.sizes)
    warm = sum(flock.is_warm(pod) and pod.uid not in stuck for pod in drained(situation, pods))
    return RungCount(HERE, found.count, warm, len(pods) - warm, len(pods), str(found.reason))


def _hiding(situation: RungSituation, pods: tuple[Pod, ...]) -> Iterator[Operation]:
    """New labels for standbys that something selects."""
    own, services = situation.workload.selector, _services(situation)
    for pod in pods:
        by = exposure(pod.labels, own, services)
        if by is not None:
            selecting = [Selector(one.selector) for one in feeding(pod.labels, services)]
            labels = hidden(pod.labels, [own, *selecting])
            body, uid = relabelled(pod, labels), situation.item.uid
            yield PatchObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, body, f"{by} selects a standby")


def _deletions(situation: RungSituation, todo: Changes, given: tuple[Pod, ...]) -> Iterator[Operation]:
    for pod, why in todo.delete:
        grace = GRACE_SECONDS if pod in given else None
        yield DeleteObject(situation.item.uid, "Pod", pod.key, pod.uid, pod.resource_version, why, grace)


def _creations(situation: RungSituation, draft: StandbyDraft, requests: tuple[Request, ...]) -> Iterator[Operation]:
    """But none where data is on its way, for the rung below comes first."""
    for node, why in granted(situation, requests, "a standby is wanted"):
        if not situation.data_is_coming(node):
            manifest = standby_pod(replace(draft, node=node))
            yield CreateObject(situation.item.uid, "Pod", draft.policy.namespace, manifest, why)


def _services(situation: RungSituation) -> tuple[Service, ...]:
    return situation.view.services.get(situation.item.key.namespace, ())


def _note(count: RungCount, found: Wanted) -> str:
    return f"{count.wanted} standbys wanted ({found.reason}), {count.warm} warm"
