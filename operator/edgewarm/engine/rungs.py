"""What a rung of the ladder is to the engine: a pure planner, from what is known of a policy to counts and operations.

A planner compares the wanted set with the set that exists (owned objects in the view), never with what it did before:
called twice on the same view it answers the same, and on a view in which its operations are done it has none left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edgewarm.decide.migration import Crowded, Leaver, leavers
from edgewarm.decide.promoting import standing_on
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.engine.foresight import Foresight
from edgewarm.engine.remarks import Remark
from edgewarm.model.errors import EdgewarmError
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.operations import Operation
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.pool import Request
from edgewarm.model.prices import Prices
from edgewarm.model.rungs import Place, RungCount, RungName
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, Workload
from edgewarm.pools.leaving import departures
from edgewarm.pools.placement import Answer
from edgewarm.pools.room import Room
from edgewarm.pools.silence import heard


@dataclass(frozen=True)
class RungSituation:
    """Everything that a planner may look at.

    `verdict` is the replica rung's, made just before; `below` are the counts of the rungs that were planned before this
    one, lower first. `granted`: the counts by place that a person approved; None where nobody must. A place that is not
    in it stays as it is. `places`: what the pool answers to the requests of the plan, by their names; None where no
    pool is asked. `given_up`: pods that the pool wants to have gone. `may_park`: does the pool let this pod stand by
    where it is? Asked once for each that is parked. `may_rise`: have its budgets room for so many more cores of this
    standby? Asked once for each that is raised, unless a pod is lacking. `yields`: standbys that make room for pods
    that find none, whoever's they are. `foresight` answers for demand further ahead than the replicas' lead time.
    """

    item: PolicyObject
    policy: Policy
    workload: Workload
    situation: Situation
    verdict: Verdict
    view: ClusterView
    now: float
    below: tuple[RungCount, ...] = ()
    granted: Mapping[Place, int] | None = None
    foresight: Foresight = field(default_factory=Foresight)
    asked_before: Mapping[Place, Sequence[tuple[float, int]]] = field(default_factory=dict)
    make_room: Callable[[], Room] = Room
    make_crowded: Callable[[], Mapping[Key, Crowded]] = dict
    scales: bool = True  # False while another autoscaler owns the replicas
    places: Mapping[str, Answer] | None = None
    given_up: frozenset[Key] = frozenset()
    yields: frozenset[Key] = frozenset()
    put_off: Mapping[RungName, float] = field(default_factory=dict)  # until when nothing is tried, after a failure
    may_park: Callable[[Pod], bool] = lambda _: True
    may_rise: Callable[[Pod, float], bool] = lambda _, __: True
    prices: Prices = field(default=Prices())
    trouble: Mapping[RungName, EdgewarmError] = field(default_factory=dict)  # what each rung failed by last

    def begins(self, rung: RungName) -> bool:
        """Whether what the rung plans now is carried out now; what is not must not take another policy's turn."""
        until = self.policy.paused_until
        paused = until is not None and self.now < until
        return self.policy.mode is not Mode.OBSERVE and not paused and self.now >= self.put_off.get(rung, self.now)

    @property
    def in_doubt(self) -> bool:
        """While demand is unknown, or was until just now, nothing is given back because nobody seems to need it."""
        known = self.situation
        young = known.now - known.started_at < self.policy.scale_down.stabilization_seconds
        return young or known.learning or known.demand is None

    @property
    def replicas_ahead(self) -> int:
        """What the workload asks for, or is about to."""
        return max(self.workload.replicas, self.verdict.wanted if self.scales else 0)

    @property
    def to_be_parked(self) -> int:
        """Replicas that are about to be taken away and may be parked: none is started cold in their stead."""
        parks = self.policy.rungs.parking is not None and self.policy.mode is Mode.ACT and self.scales
        return max(0, self.workload.replicas - self.verdict.wanted) if parks else 0

    @property
    def room(self) -> Room:
        """What the nodes have left; worked out once a pass, when the first rung asks."""
        return self.make_room()

    def heard(self, pods: Iterable[Pod]) -> tuple[Pod, ...]:
        """Those that are not on nodes that have been silent for a while: these warm nothing, and stay."""
        return heard(pods, self.view.nodes, self.now)

    @property
    def by_hand(self) -> frozenset[str]:
        """The nodes that the policy asks to have warm, whatever is forecast."""
        return frozenset(entry.name for entry in self.policy.warming.nodes if entry.until > self.now)

    @property
    def leavers(self) -> tuple[Leaver, ...]:
        """Pods of the workload that are to leave their nodes; those of full nodes are worked out once a pass."""
        if not self.policy.rungs.migration or self.policy.mode is not Mode.ACT:
            return ()
        current = standing_on(self.workload, self.view.replica_sets.get(self.workload.uid, ())).current
        pods = () if current is None else self.view.owned_by(current.uid)
        return leavers(pods, self.emptied(pods), self.make_crowded())

    def emptied(self, pods: Iterable[Pod]) -> Mapping[str, str]:
        """The nodes of these pods that pods of the workload are to leave, and why; none unless the policy asks."""
        moves = self.policy.rungs.migration and self.policy.mode is Mode.ACT
        names = {pod.node for pod in pods} if moves else set[str]()
        return departures(names, self.view.nodes, self.workload.constraints)

    def data_is_coming(self, node: str | None) -> bool:
        """A pod that started there now (None: wherever) would fetch for itself what is being staged."""
        coming = [count.place.node for count in self.below if count.place.rung is RungName.DATA and count.warming]
        return any(None in {node, place} or node == place for place in coming)

    def recent(self, place: Place) -> tuple[int, ...]:
        """What the rung's own `asked` was within the scale-down window."""
        window = self.policy.scale_down.stabilization_seconds
        return tuple(count for at, count in self.asked_before.get(place, ()) if self.now - at < window)

    def target(self, count: RungCount) -> int:
        """What to bring a place to: what is wanted, or what was approved, else what there is."""
        return count.wanted if self.granted is None else self.granted.get(count.place, count.held)


@dataclass(frozen=True, slots=True)
class RungPlan:
    """A rung's answer: counts by place, what to do towards them, conditions, and why the counts are what they are.

    `asked`: counts before anything held or bounded them, for `RungSituation.recent`. `requests`: what it would hold,
    for the pool to say where; planned again with `RungSituation.places`, it holds no more than found a place.
    `stored`: bytes of data by tier. `unasked`: the policy says nothing of the rung, so that it may not be held is no
    failure.
    """

    counts: tuple[RungCount, ...] = ()
    operations: tuple[Operation, ...] = ()
    remarks: tuple[Remark, ...] = ()
    note: str = ""
    asked: tuple[tuple[Place, int], ...] = ()
    requests: tuple[Request, ...] = ()
    stored: Mapping[str, float] = field(default_factory=dict)
    unasked: bool = False


class Rung(Protocol):
    """One stage. `plan` is pure."""

    @property
    def name(self) -> RungName: ...

    def is_wanted(self, policy: Policy) -> bool:
        """Whether the policy opted into this rung. One that opted out is planned once more while objects are left."""

    def plan(self, situation: RungSituation) -> RungPlan: ...
