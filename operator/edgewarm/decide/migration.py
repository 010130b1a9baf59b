"""Which serving pod leaves its node next, and which standby takes its place.

| the ReplicaSet                                                          | a pod leaves                            |
|-------------------------------------------------------------------------|-----------------------------------------|
| has other than the pods it wants, one not Ready, or one on its way in   | no: one move at a time                  |
| otherwise, and a warm standby stands where the pod may go               | that pod: cordoned before crowded nodes |
| otherwise                                                               | no: the standby comes first             |

As many standbys are wanted as pods are to leave, beside those that the forecast wants, within rungs.standby.max.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgewarm.decide.promoting import Crew, in_order
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
    """A pod that leaves, and the standby that serves in its stead."""

    leaver: Leaver
    standby: Pod


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


def next_move(crew: Crew, leaving: Iterable[Leaver]) -> Move | None:
    """By the table above."""
    active = [pod for pod in crew.pods if pod.is_active]
    whole = len(active) == crew.replica_set.wanted and all(pod.ready_at is not None for pod in active)
    if not whole or crew.arriving:
        return None
    ready = in_order(crew)
    for leaver in leaving:
        for standby in ready:
            if leaver.may_go_to(standby.node, crew.shunned):
                return Move(leaver, standby)
    return None
