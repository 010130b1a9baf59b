"""The rung NodeRoom: room on nodes for pods that are to come, held by placeholders that any pod pushes out.

What becomes of the placeholders in a pass:

| the policy, its workload                         | placeholders                                               |
|--------------------------------------------------|------------------------------------------------------------|
| rungs.nodeRoom is gone                           | all are deleted                                            |
| paused                                           | stay as they are (NodeRoomHeld)                            |
| its pods would push none out                     | all are deleted (NodeRoomRefused)                          |
| it has other requests or constraints now         | replaced                                                   |
| one was pushed out                               | made again as far as it is wanted: the pod may be a replica |
| demand unknown, the operator has just started    | no fewer (NodeRoomHeld)                                    |
| one is on a node that has been silent for a while | it stays and is not counted (pools.silence)               |
| a pool is named and has no place for one         | it is not made                                             |
| a pool is named, and standbys are missing        | as many fewer are made: these have the room first          |
| no pool is named and no node has room for one    | it waits (NodeRoomWarm is False): an autoscaler makes room |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from edgewarm.decide.node_room import Changes, Stages, bounded, changes, foreseen, unpushed
from edgewarm.decide.promoting import is_standby
from edgewarm.engine.remarks import Remark
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.standby_places import GIVEN_UP, granted, pod_requests
from edgewarm.manifests.placeholder import PlaceholderDraft, placeholder, placeholder_key
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.node_room import NodeRoomSettings
from edgewarm.model.operations import CreateObject, DeleteObject, Operation
from edgewarm.model.policy import Policy
from edgewarm.model.pool import Request
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import NodeRoomTerms, Place, RungCount, RungName
from edgewarm.model.workload import Pod
from edgewarm.pools.silence import returned

HERE = Place(RungName.NODE_ROOM)
CONDITION = "NodeRoomWarm"


@dataclass(frozen=True)
class NodeRoomRung:
    """Fulfils the protocol `Rung`."""

    settings: NodeRoomSettings = field(default=NodeRoomSettings())
    name: RungName = RungName.NODE_ROOM

    def is_wanted(self, policy: Policy) -> bool:
        return policy.rungs.node_room is not None

    def plan(self, situation: RungSituation) -> RungPlan:
        """By the table above."""
        owned = situation.view.owned_by(situation.item.uid)
        pods = tuple(pod for pod in owned if pod.labels.get(RUNG_LABEL) == RungName.NODE_ROOM and not pod.deleting)
        terms, until = situation.policy.rungs.node_room, situation.policy.paused_until
        if terms is None:
            gone = "rungs.nodeRoom is not there any more"
            return _emptied(situation, pods, RungReason.NODE_ROOM_NOT_ASKED, gone) if pods else RungPlan()
        if until is not None and situation.now < until:
            held = sum(pod.is_active for pod in pods)
            count = _counted(pods, held, RungReason.NODE_ROOM_HELD)
            return RungPlan((count,), note="placeholders stay as they are: the policy is paused")
        problem = unpushed(situation.workload.template.spec, _own(situation))
        if problem is not None:
            plan = _emptied(situation, pods, RungReason.NODE_ROOM_REFUSED, problem)
            remark = Remark("NodeRoomRefused", True, "PushesNobodyOut", f"no room is held: {problem}")
            return RungPlan(plan.counts, plan.operations, (remark,), problem)
        return self._planned(situation, terms, pods)

    def _planned(self, situation: RungSituation, terms: NodeRoomTerms, every: tuple[Pod, ...]) -> RungPlan:
        asked, pods = _asked(situation, terms), situation.heard(every)
        wanted, reason = bounded(asked, situation.recent(HERE), terms)
        there = sum(pod.is_active for pod in pods)
        if situation.in_doubt and there > wanted:
            wanted, reason = min(there, terms.most), RungReason.NODE_ROOM_HELD
        count = _counted(pods, wanted, reason)
        draft = self._draft(situation)
        todo = changes(pods, situation.target(count), placeholder_key(draft), returned(pods, situation.view.nodes))
        requests = _requests(situation, terms, max(0, todo.make - _standbys_first(situation)), there)
        operations = (*_deletions(situation, todo, every), *_creations(situation, draft, requests))
        note = f"{wanted} placeholders wanted ({reason}), {count.warm} have room"
        return RungPlan((count,), operations, _remarks(count), note, ((HERE, asked),), requests)

    def _draft(self, situation: RungSituation) -> PlaceholderDraft:
        item, workload = situation.item, situation.workload
        return PlaceholderDraft(item.key, item.uid, workload.template, workload.asks, self.settings)


def _own(situation: RungSituation) -> tuple[Pod, ...]:
    """The workload's pods: a Deployment's belong to its ReplicaSets."""
    view, uid = situation.view, situation.workload.uid
    owners = (uid, *(one.uid for one in view.replica_sets.get(uid, ())))
    return tuple(pod for owner in owners for pod in view.owned_by(owner) if pod.is_active)


def _standbys(situation: RungSituation) -> int:
    owned = situation.view.owned_by(situation.item.uid)
    return sum(is_standby(pod) and pod.is_active for pod in situation.heard(owned))


def _standbys_first(situation: RungSituation) -> int:
    """Standbys that the policy lacks: in a pool they get room first, which they may have had a placeholder leave."""
    terms = situation.policy.rungs.standby
    if terms is None or situation.policy.pool is None:
        return 0
    wanted = max((terms.least, *situation.recent(Place(RungName.STANDBY))))
    return max(0, min(wanted, terms.most) - _standbys(situation))


def _asked(situation: RungSituation, terms: NodeRoomTerms) -> int:
    """What the forecast asks for beyond replicas and standbys, which have their room."""
    ahead = situation.foresight
    stages = Stages(ahead.stages.quantiles(0.5, ahead.speeds), ahead.stages.quantiles(0.9, ahead.speeds))
    found = foreseen(situation.situation, terms, stages, ahead.whole)
    return max(0, found - situation.replicas_ahead - _standbys(situation))


def _counted(pods: tuple[Pod, ...], wanted: int, reason: RungReason) -> RungCount:
    active = [pod for pod in pods if pod.is_active]
    warm = sum(bool(pod.node) for pod in active)
    return RungCount(HERE, wanted, warm, len(active) - warm, len(active), str(reason))


def _emptied(situation: RungSituation, pods: tuple[Pod, ...], reason: RungReason, why: str) -> RungPlan:
    todo = Changes(0, tuple((pod, why) for pod in pods))
    count = RungCount(HERE, 0, 0, 0, sum(pod.is_active for pod in pods), str(reason))
    return RungPlan((count,), tuple(_deletions(situation, todo, ())), (), why)


def _deletions(situation: RungSituation, todo: Changes, pods: tuple[Pod, ...]) -> Iterator[Operation]:
    """What is not wanted, and what the pool gives up."""
    going = {pod.uid for pod, _ in todo.delete}
    lost = [(pod, GIVEN_UP) for pod in pods if pod.key in situation.given_up and pod.uid not in going]
    for pod, why in (*todo.delete, *lost):
        yield DeleteObject(situation.item.uid, "Pod", pod.key, pod.uid, pod.resource_version, why)


def _creations(situation: RungSituation, draft: PlaceholderDraft, requests: tuple[Request, ...]) -> Iterator[Operation]:
    for node, why in granted(situation, requests, "room for a pod is wanted"):
        yield CreateObject(situation.item.uid, "Pod", draft.policy.namespace, placeholder(draft, node), why)


def _requests(situation: RungSituation, terms: NodeRoomTerms, count: int, there: int) -> tuple[Request, ...]:
    """One for each placeholder that is to be made, the most valuable first."""
    first = situation.replicas_ahead + _standbys(situation) + there
    return pod_requests(situation, RungName.NODE_ROOM, "placeholder", range(first, first + count), terms.price)


def _remarks(count: RungCount) -> tuple[Remark, ...]:
    if not count.wanted:
        return ()
    told = f"room for {count.warm} of {count.wanted} pods is held"
    if count.warm >= count.wanted:
        return (Remark(CONDITION, True, "Warm", told),)
    waiting = f"; {count.warming} placeholders wait for a node with room" if count.warming else ""
    return (Remark(CONDITION, False, "Waiting", told + waiting),)
