"""How many standbys to hold, and the difference between those there are and those there should be.

    K_standby = cold start - what a promotion takes (one pass until somebody scales)    H_standby = holdingCost
    K_replica = cold start                                                              H_replica = 1
    held    = the larger of the two counts of decide.rungs.ladder, at most maxReplicas
    wanted  = held - replicas, the largest of the scale-down window, within rungs.standby.min and max
    room    : wanted <= (standbys + slots) / 2 where a cold twin would push others out, else <= standbys + slots
    at rest : H_standby = holdingCost x (cost of its requests at rest / cost of a pod's), see decide.resting; it needs
              the room of a pod twice, to rise and for its twin: wanted <= (slots without the standbys) / 2. One that
              is to take the place of a pod that leaves has no twin: wanted <= (slots + those that leave) / 2 <= slots

The replica rung itself keeps plain kappa; the standbys are what the ladder holds beyond it.

The set, in order: what is refused goes; what a rollout leaves behind is replaced after it, what is too old one at a
time; surplus goes, the coldest and oldest first, but before these what came back with a silent node, once others are
warm in its stead: so a node that comes and goes costs one move, not one each time; what is missing is made, few at a
time and never beside pods that the ReplicaSet still starts cold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewarm.decide.newsvendor import held
from edgewarm.decide.promoting import ONE_SIZE, fits, is_draining, is_warm, parked_at
from edgewarm.decide.resting import Sizes
from edgewarm.decide.rules import is_unsure
from edgewarm.decide.rungs import Rung, ladder
from edgewarm.decide.situation import Situation
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import RungName, StandbyTerms
from edgewarm.model.workload import Pod, ReplicaSet

PROMOTION_SECONDS = 15.0
STARTING_AT_ONCE = 4
"""Standbys on their way up at the same time: after a burst of promotions the refill must not crowd out what serves."""


def foreseen(situation: Situation, terms: StandbyTerms) -> int:
    """Pods, replicas included, that the ladder holds at least as warm as a standby; 0 without a trusted forecast."""
    outlook, policy = situation.outlook, situation.policy
    if outlook is None or situation.learning or is_unsure(situation):
        return 0
    cold = situation.lead_seconds / 60
    spared = max(0.0, cold - PROMOTION_SECONDS / 60)
    rungs = (Rung(RungName.STANDBY, spared, terms.price), Rung(RungName.REPLICA, cold, 1.0))
    quantiles, capacity = outlook.lead, policy.capacity_per_pod
    counts = ladder(
        rungs, policy.holding_kappa, lambda _, level: held(quantiles, level, capacity), quantiles.levels[-1]
    )
    return min(policy.bounds.high, max(counts.values(), default=0))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many, who set the number, and what was asked for before it was held or bounded."""

    count: int
    reason: RungReason
    asked: int


def wanted(asked: int, recent: Sequence[int], terms: StandbyTerms) -> Wanted:
    """`asked` beyond the replicas by forecast, `recent` the same within the scale-down window."""
    kept = max((asked, *recent))
    count = max(terms.least, min(kept, terms.most))
    if count > kept:
        return Wanted(count, RungReason.STANDBY_MINIMUM, asked)
    if count < kept:
        return Wanted(count, RungReason.STANDBY_MAXIMUM, asked)
    return Wanted(count, RungReason.STANDBY_FORECAST, asked)


def roomy(found: Wanted, there: int, slots: int, pushes_out: bool) -> Wanted:
    """Bounded by the room: a promotion needs it twice for a moment, unless nobody would be pushed out by that."""
    most = (there + slots) // 2 if pushes_out else there + slots
    return found if found.count <= most else Wanted(most, RungReason.STANDBY_ROOM, found.asked)


def roomy_at_rest(found: Wanted, slots: int, leaving: int = 0) -> Wanted:
    """Bounded by the room that a rise and its cold twin need, if it has one; `slots` as if no standby were there."""
    most = min(slots, (slots + leaving) // 2)
    return found if found.count <= most else Wanted(most, RungReason.STANDBY_ROOM, found.asked)


@dataclass(frozen=True, slots=True)
class Flock:
    """The standbys of a workload that stands on `replica_set`, its own pods, and how many of these still start."""

    replica_set: ReplicaSet
    standbys: tuple[Pod, ...]
    pods: tuple[Pod, ...]
    max_age_seconds: float
    drain_seconds: float = 0.0
    shunned: frozenset[str] = frozenset()  # nodes that pods are to leave
    sizes: Sizes = ONE_SIZE
    returned: frozenset[str] = frozenset()  # uids of those whose nodes have been silent since they were made

    def is_fresh(self, pod: Pod, now: float) -> bool:
        """A pod that served until it was parked was as good as new then."""
        if pod.node in self.shunned:
            return False
        since = parked_at(pod) or pod.created_at
        return fits(pod, self.replica_set) and now - since < self.max_age_seconds

    def is_draining(self, pod: Pod, now: float) -> bool:
        return is_draining(pod, self.drain_seconds, now)

    def is_warm(self, pod: Pod) -> bool:
        return fits(pod, self.replica_set) and is_warm(pod, self.pods, self.sizes)

    @property
    def starting(self) -> int:
        return sum(pod.is_active and not pod.once_ready for pod in self.pods)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many standbys to make, and which to delete, each with its reason."""

    make: int = 0
    delete: tuple[tuple[Pod, str], ...] = ()


def changes(flock: Flock, count: int, promised: int, slots: int, now: float) -> Changes:
    """From the standbys there are to `count` of them, the active ones only; no more are made than find room.

    `promised` are about to be promoted, so as many more are not deleted.
    """
    active = [pod for pod in flock.standbys if pod.is_active]
    there = [pod for pod in active if not flock.is_draining(pod, now)]
    count = max(0, count - (len(active) - len(there)))  # those that drain are some of them already
    fresh = [pod for pod in there if flock.is_fresh(pod, now)]
    worn = sorted((pod for pod in there if pod not in fresh), key=lambda pod: (flock.is_warm(pod), pod.created_at))
    surplus = _surplus(flock, fresh, count + promised)
    delete = [(pod, "more than are wanted") for pod in surplus]
    kept = sum(flock.is_warm(pod) for pod in there) - sum(flock.is_warm(pod) for pod in surplus)
    for pod in worn:
        if not flock.is_warm(pod):
            delete.append((pod, _why(pod, flock)))
        elif kept > count + promised:
            delete.append((pod, _why(pod, flock)))
            kept -= 1
    left = len(there) - len(delete)
    return Changes(min(slots, _made(flock, count, fresh, left)), tuple(delete))


def _surplus(flock: Flock, fresh: Sequence[Pod], needed: int) -> list[Pod]:
    """The coldest, oldest; but before these what came back with its node, once `needed` others are warm."""
    warm = sum(flock.is_warm(pod) for pod in fresh)
    order = sorted(fresh, key=lambda pod: (pod.uid not in flock.returned, flock.is_warm(pod), pod.created_at))
    found = []
    for pod in order[: max(0, len(fresh) - needed)]:
        stands_in = pod.uid in flock.returned and flock.is_warm(pod)
        if not stands_in or warm > needed:
            found.append(pod)
            warm -= stands_in
    return found


def _why(pod: Pod, flock: Flock) -> str:
    if not fits(pod, flock.replica_set):
        return "built from an older template"
    return "its node is to be left" if pod.node in flock.shunned else "older than maxAge"


def _made(flock: Flock, count: int, fresh: Sequence[Pod], left: int) -> int:
    """Few at a time; what replaces worn ones is one more than are wanted."""
    warming = sum(not flock.is_warm(pod) for pod in fresh)
    short = count - len(fresh)
    allowed = min(STARTING_AT_ONCE - warming, count + 1 - left)
    return 0 if flock.starting else max(0, min(short, allowed))
