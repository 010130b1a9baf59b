"""Who may begin a pull or a fetch now, over all policies: what the node does, and what the pool's budgets leave.

| asked                                                       | refused where                                        |
|-------------------------------------------------------------|------------------------------------------------------|
| is the view current?                                        | a write of any policy is not seen in it yet          |
| is the node free? A kubelet pulls one image after the other | one is being pulled there, or a pod starts there     |
| has the pool room for it? (pools.placement)                 | taints, room, spec.budgets, slowDown, spec.warming,  |
|                                                             | or ten at a time where spec.budgets names no number  |

A pull of ours is never in front of one that a starting pod waits for, and nothing gives way for one. A fetch has no
node of its own, so none is asked. What is held now is read from the view (engine.pooling), and what was granted since
is added to it, so the ration remembers nothing beyond one view.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from edgewarm.engine.pooling import Asker, budgets, holdings, may_hold, on_the_way, pods_held
from edgewarm.model.amounts import CPU, MEMORY, NOTHING, PODS, PULLS, Amounts
from edgewarm.model.constraints import Constraints
from edgewarm.model.identity import Key
from edgewarm.model.names import HOSTNAME
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.pool import Holding, Request
from edgewarm.model.rungs import RungName
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, Workload
from edgewarm.pools.barriers import admitted, domain_of, inside
from edgewarm.pools.members import memberships
from edgewarm.pools.placement import Refused, placement, taken
from edgewarm.pools.shortage import explained
from edgewarm.pools.survey import Site, Survey, Terrain, survey, terrain

PULLS_AT_ONCE = 10.0
CPU_CORES, MEMORY_BYTES = 0.001, 4 * 2**20  # of each container of a pull pod, see manifests.pull_pod
STARTING_SECONDS = 600.0  # a pod that waits for longer waits for something else


@dataclass(frozen=True, slots=True)
class PullAsk:
    """A pull that a policy would begin: `size` in bytes and `speed` in bytes/s, 0 where unknown; `what` it is of.

    `fetch`: what the pod asks for that fetches a file in its stead; its node is "".
    """

    key: Key
    uid: str
    policy: Policy
    workload: Workload
    node: str
    images: int
    size: float = 0.0
    speed: float = 0.0
    rung: RungName = RungName.IMAGE
    what: str = "images"
    fetch: Amounts | None = None

    @property
    def request(self) -> Request:
        """What it takes of the node and of the budgets."""
        pulls = {CPU: CPU_CORES * self.images, MEMORY: float(MEMORY_BYTES * self.images)}
        asks = pulls if self.fetch is None else self.fetch
        return Request(
            name=f"{self.what} of {self.key}" + (f" on {self.node}" if self.node else ""),
            owner=self.key,
            rung=self.rung.value,
            amounts={**asks, PODS: 1.0, **on_the_way(self.size, self.speed)},
            constraints=self._constraints,
            qos=self.policy.qos,
            preemptible=False,
            value=self.policy.kappa,
            only=frozenset({self.node}) if self.node else None,
            regions=self.policy.regions,
        )

    @property
    def _constraints(self) -> Constraints:
        """It is no member of the workload: spread does not count it. A fetch has but the tolerations of its pods."""
        found = self.workload.constraints
        if self.fetch is not None:
            return Constraints(found.namespace, tolerations=found.tolerations)
        return replace(found, labels=(), spreads=(), apart=(), together=())


@dataclass(frozen=True, slots=True)
class NoPlace:
    """The pool's refusal, put into words by who reads it: that takes as long as many answers, and most are not read."""

    refused: Refused
    here: Survey

    def __str__(self) -> str:
        return str(explained(self.refused, self.here))


Waits = str | NoPlace
"""What a pull waits for; empty where it waits for nothing."""


@dataclass
class _Ledger:
    """One view: the pools as they are with what was granted since."""

    view: ClusterView
    busy: set[str]
    starting: frozenset[str]
    members: Mapping[str, frozenset[str]]
    surveys: dict[str, Survey] = field(default_factory=dict)
    granted: set[tuple[str, str, str]] = field(default_factory=set)

    @cached_property
    def land(self) -> Terrain:
        """The same for all pools."""
        return terrain(self.view.nodes.values(), self.view.pods.values())


class PullRation:
    """Shared by all policies."""

    def __init__(self) -> None:
        self._ledger: _Ledger | None = None

    def open_nodes(self, view: ClusterView, ask: PullAsk, now: float) -> frozenset[str]:
        """The nodes of the policy's pool that take its pods, whatever room they have."""
        here = self._survey(self._of(view, now), ask.policy, now)
        if here is None:
            return frozenset()
        open_ = admitted(ask.request, here)
        return frozenset(node.name for node, ok in zip(here.nodes, open_, strict=True) if ok)

    def hosts(self, view: ClusterView, policy: Policy, now: float) -> tuple[str, ...] | None:
        """The hostnames of the nodes on which the policy may hold things, whatever state they are in; None: any."""
        here = self._survey(self._of(view, now), policy, now)
        if here is None:
            return None
        label = here.settings.region_label
        pairs = zip(here.nodes, here.ground.member, strict=True)
        mine = [node for node, member in pairs if member and inside(node, policy.regions, label)]
        return tuple(domain_of(node, HOSTNAME) or node.name for node in mine)

    def refusal(self, view: ClusterView, ask: PullAsk, now: float) -> Waits:
        """Why the pull may not begin; empty where it may, and then it has its share. Asking twice is asking once."""
        ledger = self._of(view, now)
        claim = (ask.uid, ask.node, ask.what)
        if claim in ledger.granted:
            return ""
        here = self._survey(ledger, ask.policy, now)
        why = _hindrance(ledger, ask.node)
        if why or here is None:
            return why or "there is no such pool"
        answer = placement(ask.request, here)
        if isinstance(answer, Refused):
            return NoPlace(answer, here)
        ledger.granted.add(claim)
        ledger.busy |= {ask.node} if ask.node else set()
        ledger.surveys[ask.policy.pool or ""] = taken(answer, here)
        return ""

    def _of(self, view: ClusterView, now: float) -> _Ledger:
        if self._ledger is None or self._ledger.view is not view:
            owned = (pod for mine in view.owned.values() for pod in mine.values())
            busy = {pod.pulling.node for pod in owned if pod.pulling is not None and pod.pulling.is_busy}
            found = memberships(view.pools.values(), view.nodes.values())
            members = {name: membership.nodes for name, membership in found.items()}
            self._ledger = _Ledger(view, busy, _starting(view.pods, now), members)
        return self._ledger

    def _survey(self, ledger: _Ledger, policy: Policy, now: float) -> Survey | None:
        pool = ledger.view.pools.get(policy.pool or "")
        if pool is None:
            return None
        if pool.name not in ledger.surveys:
            ledger.surveys[pool.name] = _surveyed(ledger, pool, now)
        return ledger.surveys[pool.name]


def _hindrance(ledger: _Ledger, node: str) -> str:
    if ledger.view.unseen:
        return "what was written last is not seen yet"
    if node in ledger.starting:
        return "a pod is starting there"
    return "another image is being pulled there" if node in ledger.busy else ""


def _surveyed(ledger: _Ledger, pool: PoolObject, now: float) -> Survey:
    """A pool with all that its policies hold there."""
    view = ledger.view
    pool = replace(pool, settings=replace(pool.settings, limits={PULLS: PULLS_AT_ONCE, **pool.settings.limits}))
    askers = [
        Asker(item, item.policy, workload, pods_held(view, item.uid))
        for item in view.policies.values()
        if item.policy is not None and item.policy.pool == pool.name and may_hold(item.policy)
        if (workload := view.workloads.get((item.key.namespace, item.policy.target))) is not None
    ]
    site = Site(pool.settings, ledger.members.get(pool.name, frozenset()), budgets(pool, askers))
    held = [one for asker in askers for one in (*holdings(asker, now), *_named(asker, site.members, now))]
    return survey(site, ledger.land, held, now)


def _named(asker: Asker, members: Collection[str], now: float) -> Iterable[Holding]:
    """Nodes that are warmed by hand count among those of the policy before anything is there, so others do not."""
    if asker.policy.mode is Mode.ACT:
        for node in asker.policy.warming.nodes:
            if node.until > now and node.name in members:
                name = f"{asker.item.key} by hand on {node.name}"
                yield Holding(name, asker.item.key, RungName.IMAGE, node.name, NOTHING, 0.0, preemptible=False)


def _starting(pods: Mapping[Key, Pod], now: float) -> frozenset[str]:
    """Nodes on which a pod that is not ours waits for its containers."""
    return frozenset(
        pod.node
        for pod in pods.values()
        if pod.phase == "Pending" and pod.node and pod.pulling is None and now - pod.created_at < STARTING_SECONDS
    )
