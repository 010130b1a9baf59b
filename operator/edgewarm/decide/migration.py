"""Which serving pod leaves its node next, and which standby takes its place.

| the ReplicaSet                                                          | a pod leaves                            |
|-------------------------------------------------------------------------|-----------------------------------------|
| has other than the pods it wants, one not Ready, or one on its way in   | no: one move at a time                  |
| otherwise, and a warm standby stands where the pod may go               | that pod: cordoned before crowded nodes |
| otherwise, and one at rest stands there                                 | not yet: the standby rises first        |
| otherwise                                                               | no: the standby comes first             |

One rises at a time. Where its kubelet does not give it the cpu it goes on asking, for a kubelet tries again what it
deferred, and one on another node rises.

As many standbys are wanted as pods are to leave, beside those that the forecast wants, within rungs.standby.max.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from edgewarm.decide.promoting import Crew, at_rest, in_order, rising, trouble
from edgewarm.decide.standbys import Wanted
from edgewarm.model.identity import Key
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.workload import Pod


@dataclass(frozen=True, slots=True)
class Crowded:
    """Why a pod is to leave a node that is too full, and the nodes that it may go to."""

    why: str
    to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Leaver:
    """A serving pod that is to leave its node, why, and to which nodes; None: to any that is not to be left itself."""

    pod: Pod
    why: str
    to: frozenset[str] | None = None

    def may_go_to(self, node: str, shunned: frozenset[str]) -> bool:
        return node not in shunned and (self.to is None or node in self.to)

    def __str__(self) -> str:
        return f"{self.pod.key.name} on {self.pod.node} ({self.why})"


@dataclass(frozen=True, slots=True)
class Move:
    """A pod that leaves, and the standby that serves in its stead; while it `rises` from its rest that is all."""

    leaver: Leaver
    standby: Pod
    rises: bool = False


def leavers(pods: Iterable[Pod], emptied: Mapping[str, str], crowded: Mapping[Key, Crowded]) -> tuple[Leaver, ...]:
    """Of the ready `pods` of a workload: first those whose node is to be emptied (node -> why), then at most one of a
    full node."""
    ready = sorted((pod for pod in pods if pod.is_active and pod.ready_at is not None), key=lambda pod: pod.key)
    rest = (pod for pod in ready if pod.key in crowded and pod.node not in emptied)
    return (
        *(Leaver(pod, emptied[pod.node]) for pod in ready if pod.node in emptied),
        *[Leaver(pod, crowded[pod.key].why, crowded[pod.key].to) for pod in rest][:1],
    )


def beside(found: Wanted, leaving: int, terms: StandbyTerms) -> Wanted:
    """With a standby for each pod that is to leave."""
    count = min(terms.most, found.count + leaving)
    return found if count <= found.count else Wanted(count, RungReason.STANDBY_MIGRATION, found.asked)


def next_move(crew: Crew, leaving: Sequence[Leaver], roomy: Collection[str] = ()) -> Move | None:
    """By the table above; `roomy`: uids of the standbys at rest whose nodes have the room for a rise."""
    active = [pod for pod in crew.pods if pod.is_active]
    whole = len(active) == crew.replica_set.wanted and all(pod.ready_at is not None for pod in active)
    if not whole or crew.arriving:
        return None
    move = _pair(in_order(crew), crew, leaving)
    if move is not None:
        return move
    asking = rising(crew)
    if _pair([pod for pod in asking if not trouble(pod)], crew, leaving) is not None:
        return None
    stuck = {pod.node for pod in asking}
    move = _pair([pod for pod in at_rest(crew, roomy) if pod.node not in stuck], crew, leaving)
    return None if move is None else replace(move, rises=True)


def kept_up(crew: Crew, leaving: Sequence[Leaver]) -> frozenset[str]:
    """Uids of the standbys that are not lowered to their rest: the one that serves next, and those that rise."""
    move = _pair(in_order(crew), crew, leaving)
    up = [] if move is None else [move.standby]
    return frozenset(pod.uid for pod in (*up, *rising(crew))) if leaving else frozenset()


def held_back(crew: Crew, leaving: Sequence[Leaver], refused: Mapping[str, str]) -> str | None:
    """Which pod stays since its standby does not rise, and why; `refused`: the words of the API server, by uid."""
    said = {pod.uid: trouble(pod) for pod in rising(crew) if trouble(pod)} | dict(refused)
    move = _pair([pod for pod in crew.standbys if pod.uid in said], crew, leaving)
    return None if move is None else stays(move, said[move.standby.uid])


def stays(move: Move, why: str) -> str:
    """In words."""
    return f"{move.leaver} stays: standby {move.standby.key.name} on {move.standby.node} is not given its cpu: {why}"


def _pair(standbys: Iterable[Pod], crew: Crew, leaving: Iterable[Leaver]) -> Move | None:
    """The first pod for which one of them stands where it may go."""
    there = list(standbys)
    for leaver in leaving:
        for standby in there:
            if leaver.may_go_to(standby.node, crew.shunned):
                return Move(leaver, standby)
    return None
