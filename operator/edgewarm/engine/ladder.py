"""The ladder: the rungs below the replicas, lower first, planned for each policy after its replica verdict.

plan all rungs -> carry the operations out (mode Act; Recommend as far as granted) -> write the change of plan down

A rung's trouble stays with that rung of that policy: it is a condition, and the next pass tries again, later each time.
A rung that the policy says nothing of and that the API server forbids is no trouble: it counts nothing, and says what
to set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from edgewarm.decide.migration import Crowded
from edgewarm.decide.promoting import is_draining
from edgewarm.engine.crowding import crowding
from edgewarm.engine.data_rung import DataRung
from edgewarm.engine.file_staging import FileStaging
from edgewarm.engine.image_rung import ImageRung
from edgewarm.engine.node_room import NodeRoomRung
from edgewarm.engine.ports import Cluster
from edgewarm.engine.pull_ration import PullRation
from edgewarm.engine.remarks import Remark
from edgewarm.engine.rungs import Rung, RungPlan, RungSituation
from edgewarm.engine.standby import StandbyRung
from edgewarm.manifests.decision import policy_label
from edgewarm.model.errors import Conflict, EdgewarmError, Forbidden, Invalid, NotFound
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.identity import Key
from edgewarm.model.names import POLICY_LABEL, RUNG_LABEL
from edgewarm.model.node_room import NodeRoomSettings
from edgewarm.model.objects import PolicyObject
from edgewarm.model.operations import CreateObject, DeleteObject, Operation, PatchObject, Tally
from edgewarm.model.policy import Mode
from edgewarm.model.pool import Request
from edgewarm.model.rungs import Place, RungCount, RungName
from edgewarm.model.view import ClusterView
from edgewarm.pools.room import Room, room

log = structlog.get_logger()
LONGEST_RETRY_SECONDS = 600.0
NO_FETCHERS: Mapping[str, FetcherClass] = {}
PLAIN_ROOM = NodeRoomSettings()


def every_rung(
    fetchers: Mapping[str, FetcherClass] = NO_FETCHERS, room: NodeRoomSettings = PLAIN_ROOM
) -> tuple[Rung, ...]:
    """Every rung below the replicas, lower first; `fetchers` are the classes that may fetch files."""
    ration = PullRation()
    return (NodeRoomRung(room), ImageRung(ration), DataRung(ration, FileStaging(fetchers, ration)), StandbyRung())


@dataclass
class MoveBook:
    """The last pod that was moved off its node, when, and why the next one was not let go."""

    pod: str = ""
    at: float = float("-inf")
    refused: Remark | None = None


@dataclass
class RungBook:
    """What the ladder remembers of one policy; losing it costs at most a decision written twice."""

    told: dict[Place, int] = field(default_factory=dict)
    granted: dict[Place, int] = field(default_factory=dict)
    decided_at: float | None = None
    wrote: Key | None = None  # the last decision of this life of the operator
    asked: dict[Place, tuple[tuple[float, int], ...]] = field(default_factory=dict)
    trouble: dict[RungName, EdgewarmError] = field(default_factory=dict)
    failures: dict[RungName, int] = field(default_factory=dict)
    retry_at: dict[RungName, float] = field(default_factory=dict)
    works: set[RungName] = field(default_factory=set)  # whose last operations were carried out
    moves: MoveBook = field(default_factory=MoveBook)
    parked_at: float = float("-inf")  # when pods were last made standbys behind the plan's back

    def remember(self, plan: LadderPlan, now: float, window_seconds: float) -> None:
        """What the rungs asked for, as long as it can hold anything up, and what was told of places that are left."""
        self.told = {count.place: self.told[count.place] for count in plan.counts if count.place in self.told}
        for place, count in (pair for _, found in plan.plans for pair in found.asked):
            kept = tuple(pair for pair in self.asked.get(place, ()) if now - pair[0] < window_seconds)
            self.asked[place] = (*kept, (now, count))

    def recovered(self, rung: RungName) -> None:
        """Nothing of it fails."""
        self.trouble.pop(rung, None)
        self.failures.pop(rung, None)
        self.retry_at.pop(rung, None)

    def begin(self, plan: LadderPlan) -> None:
        """Whatever is done from now on, the change is told from what was held before it."""
        self.told = {count.place: count.held for count in plan.counts} | self.told


@dataclass(frozen=True)
class LadderPlan:
    """The plans of all rungs that a policy has, lower first."""

    plans: tuple[tuple[RungName, RungPlan], ...] = ()
    notices: tuple[Remark, ...] = ()  # of all rungs together

    @property
    def counts(self) -> tuple[RungCount, ...]:
        return tuple(count for _, plan in self.plans for count in plan.counts)

    @property
    def stored(self) -> Mapping[str, float]:
        """Bytes of data on nodes, by tier."""
        return {tier: size for _, plan in self.plans for tier, size in plan.stored.items()}

    @property
    def requests(self) -> tuple[Request, ...]:
        """For the pool."""
        return tuple(request for _, plan in self.plans for request in plan.requests)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(plan.note for _, plan in self.plans if plan.note)

    def remarks(self, trouble: Mapping[RungName, EdgewarmError]) -> tuple[Remark, ...]:
        """What the rungs say of themselves, and what the API server refused those that are still asked for."""
        plans = dict(self.plans)
        trouble = {name: problem for name, problem in trouble.items() if name in plans}
        barred = {name for name, problem in trouble.items() if is_barred(plans[name], problem)}
        said = (remark for name, plan in self.plans if name not in barred for remark in plan.remarks)
        refused = (_barred(name, trouble[name]) for name in sorted(barred))
        failed = (Remark(f"{n}Failed", True, "ActionFailed", str(p)) for n, p in trouble.items() if n not in barred)
        return (*self.notices, *said, *refused, *failed)


class Ladder:
    """`rungs` in the order of the ladder, lower first."""

    def __init__(
        self, cluster: Cluster, rungs: Sequence[Rung], count: Callable[[Tally], None] = lambda tally: None
    ) -> None:
        heights = [rung.name.height for rung in rungs]
        if heights != sorted(heights):
            raise ValueError(f"rungs must go up the ladder, got {[rung.name for rung in rungs]}")
        self._cluster = cluster
        self._count = count
        self._rungs = tuple(rungs)
        self._room: tuple[ClusterView, Room] | None = None
        self._crowded: tuple[ClusterView, Mapping[Key, Crowded]] | None = None

    def plan(self, situation: RungSituation) -> LadderPlan:
        """Every rung that the policy wants, or that still holds something of it."""
        plans: list[tuple[RungName, RungPlan]] = []
        below: tuple[RungCount, ...] = ()
        for rung in self._rungs:
            found = rung.plan(replace(situation, below=below))
            if is_barred(found, situation.trouble.get(rung.name)):
                found = replace(found, counts=(), note="")  # tried again in time, and not told before it works
            if rung.is_wanted(situation.policy) or found.counts or found.operations:
                plans.append((rung.name, found))
                below = (*below, *found.counts)
        return LadderPlan(tuple(plans), tuple(_left(situation)))

    def informed(self, situation: RungSituation) -> RungSituation:
        """With what is worked out once per view, for all policies."""
        view = situation.view
        crowded = partial(self._crowded_of, view, situation.now)
        return replace(situation, make_room=partial(self.room, view), make_crowded=crowded)

    def _crowded_of(self, view: ClusterView, now: float) -> Mapping[Key, Crowded]:
        if self._crowded is None or self._crowded[0] is not view:
            self._crowded = view, crowding(view, now)
        return self._crowded[1]

    def room(self, view: ClusterView) -> Room:
        """What the nodes have left."""
        if self._room is None or self._room[0] is not view:
            self._room = view, room(view.nodes.values(), view.pods.values())
        return self._room[1]

    async def act(self, situation: RungSituation, plan: LadderPlan, book: RungBook) -> bool:
        """Carry the operations out; a rung whose operation fails leaves the rest of its own for later, others do not.

        False where nothing may be done in this pass.

        What gives way comes first: were it behind what a quota refuses, the quota would stay full. Resizes come last:
        one that is refused keeps nothing from being made.
        """
        stale = situation.item.uid in situation.view.unseen or book.parked_at == situation.now
        if situation.policy.mode is Mode.OBSERVE:
            for name in tuple(book.trouble):
                book.recovered(name)
            return False
        if stale:
            return False
        book.begin(plan)
        for name, found in plan.plans:
            if situation.now < book.retry_at.get(name, situation.now):
                continue
            problem = await self._carry_out(sorted(found.operations, key=_turn))
            if problem is None:
                book.works |= {name} if found.operations else set()
                book.recovered(name)
            else:
                self._put_off(situation, book, name, problem, is_barred(found, problem))
        return True

    async def clear(self, item: PolicyObject, view: ClusterView, now: float) -> None:
        """Nothing is to be kept warm (the target is gone, say): what was goes, but for connections that may go on."""
        if item.policy is None or item.policy.mode is Mode.OBSERVE or item.uid in view.unseen:
            return
        drain, why = item.policy.rungs.drain_seconds, f"nothing is kept warm for {item.policy.target} any more"
        left = [pod for pod in view.owned_by(item.uid) if not pod.deleting and not is_draining(pod, drain, now)]
        problem = await self._carry_out(
            [DeleteObject(item.uid, "Pod", pod.key, pod.uid, pod.resource_version, why) for pod in left]
        )
        if problem is not None:
            log.warning("what was kept warm is not given back", policy=str(item.key), problem=str(problem))

    async def _carry_out(self, operations: Sequence[Operation]) -> EdgewarmError | None:
        for operation in operations:
            try:
                await self._cluster.carry_out(operation)
            except (Conflict, NotFound) as changed:
                log.debug("an object changed before it was written", problem=str(changed))
            except EdgewarmError as error:
                return error
            else:
                self._tell(operation)
        return None

    def _tell(self, operation: Operation) -> None:
        if isinstance(operation, DeleteObject) and operation.ends is not None:
            self._count(operation.ends)

    @staticmethod
    def _put_off(
        situation: RungSituation, book: RungBook, name: RungName, problem: EdgewarmError, barred: bool
    ) -> None:
        """What was refused (a quota, a right) is tried again after 30 s, 1 min, .. 10 min; what was away after 5 s.

        What is barred is tried again after 10 min.
        """
        first = 30.0 if isinstance(problem, Invalid) else 5.0
        failures = book.failures.get(name, 0)
        delay = LONGEST_RETRY_SECONDS if barred else min(LONGEST_RETRY_SECONDS, first * 2 ** min(failures, 10))
        if str(book.trouble.get(name)) != str(problem):
            tell, told = (log.info, "rung not allowed") if barred else (log.warning, "rung failed")
            tell(told, policy=str(situation.item.key), rung=str(name), problem=str(problem))
        book.trouble[name], book.failures[name] = problem, failures + 1
        book.works.discard(name)
        book.retry_at[name] = situation.now + delay


def _left(situation: RungSituation) -> Iterator[Remark]:
    """In mode Observe nothing is touched, nor what another mode made before."""
    owned = situation.view.owned_by(situation.item.uid)
    left = sum(pod.is_active and RUNG_LABEL in pod.labels for pod in owned)
    if left and situation.policy.mode is Mode.OBSERVE:
        key = situation.item.key
        how = f"kubectl delete pods -n {key.namespace} -l {RUNG_LABEL},{POLICY_LABEL}={policy_label(key.name)}"
        message = f"mode Observe touches nothing, so {left} pods that were kept warm stay: {how}, or set mode Act again"
        yield Remark("WarmthLeft", True, "NotActing", message)


def is_barred(plan: RungPlan, problem: EdgewarmError | None) -> bool:
    """Forbidden, and nobody asked for it."""
    return plan.unasked and isinstance(problem, Forbidden)


def _barred(rung: RungName, problem: EdgewarmError) -> Remark:
    setting = f"rungs.{rung[0].lower()}{rung[1:]}.enabled: false"
    fix = f"list the namespace in the chart's value rungs.namespaces, or set {setting} to do without"
    return Remark(
        f"{rung}sWarm", False, "PodsNotAllowed", f"the operator may not make the pods for it: {fix}. {problem}"
    )


def _turn(operation: Operation) -> int:
    if isinstance(operation, CreateObject):
        return 1
    return 2 if isinstance(operation, PatchObject) and operation.subresource else 0
