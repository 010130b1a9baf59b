"""Who may begin a pull now: one per node and ten per pool, over all policies, and none in front of a pod that starts.

A kubelet pulls one image after the other (`serializeImagePulls`), so a second pull on a node would only wait, and one
of ours would hold up the pod behind it. What is counted is what the view shows: while a write of any policy is not seen
in it yet, nobody begins another pull.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgewarm.model.identity import Key
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod

PER_NODE = 1
PER_POOL = 10
STARTING_SECONDS = 600.0  # a pod that waits for longer waits for something else


@dataclass
class _Ledger:
    """Pulls under way in one view, and those begun since; `granted` makes asking twice the same as once."""

    view: ClusterView
    stale: bool
    busy: Counter[str]
    starting: frozenset[str]
    granted: set[tuple[str, str]] = field(default_factory=set)


class PullRation:
    """Shared by all policies; it remembers nothing beyond one view."""

    def __init__(self, per_node: int = PER_NODE, per_pool: int = PER_POOL) -> None:
        self._per_node = per_node
        self._per_pool = per_pool
        self._ledger: _Ledger | None = None

    def refusal(self, view: ClusterView, uid: str, node: str, pool: Iterable[str], now: float) -> str | None:
        """Why the policy may not begin a pull on `node` of the nodes of `pool`; None where it may, and has it then."""
        ledger = self._of(view, now)
        if (uid, node) in ledger.granted:
            return None
        if ledger.stale:
            return "what was written last is not seen yet"
        if node in ledger.starting:
            return "a pod is starting there"
        if ledger.busy[node] >= self._per_node:
            return "another image is being pulled there"
        if sum(ledger.busy[name] for name in pool) >= self._per_pool:
            return f"{self._per_pool} pulls are under way"
        ledger.granted.add((uid, node))
        ledger.busy[node] += 1
        return None

    def _of(self, view: ClusterView, now: float) -> _Ledger:
        if self._ledger is None or self._ledger.view is not view:
            pulls = [pod for uid in _owners(view) for pod in view.owned.get(uid, {}).values() if pod.pulling]
            busy = Counter(pod.pulling.node for pod in pulls if pod.pulling and _is_busy(pod))
            self._ledger = _Ledger(view, bool(view.unseen), busy, _starting(view.pods, now))
        return self._ledger


def _owners(view: ClusterView) -> Iterable[str]:
    return (item.uid for item in view.policies.values())


def _is_busy(pod: Pod) -> bool:
    """Not at its end, and not waiting for its next try."""
    progress = pod.pulling
    return progress is not None and progress.ended_at is None and not progress.done and not progress.trouble


def _starting(pods: Mapping[Key, Pod], now: float) -> frozenset[str]:
    """Nodes on which a pod that is not ours waits for its containers."""
    return frozenset(
        pod.node
        for pod in pods.values()
        if pod.phase == "Pending" and pod.node and pod.pulling is None and now - pod.created_at < STARTING_SECONDS
    )
