"""Who may begin a pull now, over all policies: what the node does, and what the pool's budgets leave.

| asked                                                       | refused where                                        |
|-------------------------------------------------------------|------------------------------------------------------|
| is the view current?                                        | a write of any policy is not seen in it yet          |
| is the node free? A kubelet pulls one image after the other | one is being pulled there, or a pod starts there     |
| has the pool room for it? (pools.placement)                 | taints, room, spec.budgets, slowDown, spec.warming,  |
|                                                             | or ten pulls where spec.budgets names no number      |

A pull of ours is never in front of one that a starting pod waits for, and nothing gives way for one. What is held now
is read from the view, and what was granted since is added to it, so the ration remembers nothing beyond one view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from edgewarm.engine.pooling import Asker, budgets, holdings, may_hold
from edgewarm.model.amounts import BANDWIDTH, CPU, MEMORY, PODS, PULLS, STORAGE, Amounts
from edgewarm.model.identity import Key
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Policy
from edgewarm.model.pool import Holding, Request
from edgewarm.model.rungs import RungName
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod, Workload
from edgewarm.pools.barriers import admitted
from edgewarm.pools.members import memberships
from edgewarm.pools.placement import Refused, placement, taken
from edgewarm.pools.shortage import explained
from edgewarm.pools.survey import Site, Survey, survey, terrain

PULLS_AT_ONCE = 10.0
CPU_CORES, MEMORY_BYTES = 0.001, 4 * 2**20  # of each container of a pull pod, see manifests.pull_pod
STARTING_SECONDS = 600.0  # a pod that waits for longer waits for something else


@dataclass(frozen=True, slots=True)
class PullAsk:
    """A pull that a policy would begin: `size` in bytes and `speed` in bytes/s, 0 where unknown; `what` it is of."""

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

    @property
    def request(self) -> Request:
        """What it takes of the node and of the budgets. It is no member of the workload: spread does not count it."""
        plain = replace(self.workload.constraints, labels=(), spreads=(), apart=(), together=())
        return Request(
            name=f"{self.what} of {self.key} on {self.node}",
            owner=self.key,
            rung=self.rung.value,
            amounts={
                CPU: CPU_CORES * self.images,
                MEMORY: float(MEMORY_BYTES * self.images),
                PODS: 1.0,
                **self._on_budgets(),
            },
            constraints=plain,
            qos=self.policy.qos,
            preemptible=False,
            value=self.policy.kappa,
            only=frozenset({self.node}) if self.node else None,
            regions=self.policy.regions,
        )

    def _on_budgets(self) -> Amounts:
        return {STORAGE: self.size, PULLS: 1.0, BANDWIDTH: 8 * self.speed}


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
        ledger.busy.add(ask.node)
        ledger.surveys[ask.policy.pool or ""] = taken(answer, here)
        return ""

    def _of(self, view: ClusterView, now: float) -> _Ledger:
        if self._ledger is None or self._ledger.view is not view:
            busy = {pod.pulling.node for _, pod in _pulls(view) if pod.pulling is not None and is_busy(pod)}
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


def is_busy(pod: Pod) -> bool:
    """Not at its end, and not waiting for its next try."""
    progress = pod.pulling
    return progress is not None and progress.ended_at is None and not progress.done and not progress.trouble


def _hindrance(ledger: _Ledger, node: str) -> str:
    if ledger.view.unseen:
        return "what was written last is not seen yet"
    if node in ledger.starting:
        return "a pod is starting there"
    return "another image is being pulled there" if node in ledger.busy else ""


def _surveyed(ledger: _Ledger, pool: PoolObject, now: float) -> Survey:
    """A pool with the pulls that it holds."""
    view = ledger.view
    pool = replace(pool, settings=replace(pool.settings, limits={PULLS: PULLS_AT_ONCE, **pool.settings.limits}))
    askers = [
        Asker(item, item.policy, workload, _standing(view, item.uid))
        for item in view.policies.values()
        if item.policy is not None and item.policy.pool == pool.name and may_hold(item.policy)
        if (workload := view.workloads.get((item.key.namespace, item.policy.target))) is not None
    ]
    site = Site(pool.settings, ledger.members.get(pool.name, frozenset()), budgets(pool, askers))
    held = [_holding(key, pod) for key, pod in _pulls(view) if pod.pulling is not None and not pod.deleting]
    held += [one for asker in askers for one in holdings(asker, now)]
    return survey(site, terrain(view.nodes.values(), view.pods.values()), held, now)


def _standing(view: ClusterView, owner: str) -> tuple[Pod, ...]:
    """Standbys and placeholders: what is left of a budget that covers all rungs is less by them."""
    mine = view.owned.get(owner, {}).values()
    return tuple(pod for pod in mine if RUNG_LABEL in pod.labels and pod.is_active and pod.pulling is None)


def _holding(owner: Key, pod: Pod) -> Holding:
    """A pull pod: its images' bytes as long as it is there, its share of the pulls while it pulls."""
    progress = pod.pulling
    assert progress is not None  # its caller asked
    amounts: dict[str, float] = {STORAGE: float(progress.size)}
    if pod.is_active:
        amounts |= pod.asks
    if is_busy(pod):
        amounts |= {PULLS: 1.0, BANDWIDTH: 8 * progress.speed}
    name = f"what {owner} holds on {progress.node} by {pod.key.name}"
    rung = pod.labels.get(RUNG_LABEL, RungName.IMAGE.value)
    return Holding(name, owner, rung, progress.node, amounts, pod.created_at, preemptible=False, pod=pod.key)


def _pulls(view: ClusterView) -> Iterable[tuple[Key, Pod]]:
    for key, item in view.policies.items():
        for pod in view.owned.get(item.uid, {}).values():
            if pod.pulling is not None:
                yield key, pod


def _starting(pods: Mapping[Key, Pod], now: float) -> frozenset[str]:
    """Nodes on which a pod that is not ours waits for its containers."""
    return frozenset(
        pod.node
        for pod in pods.values()
        if pod.phase == "Pending" and pod.node and pod.pulling is None and now - pod.created_at < STARTING_SECONDS
    )
