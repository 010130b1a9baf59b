"""Report: statuses, Events about a changed standing, metrics. The one writer of conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import structlog

from edgewarm.engine.ports import Cluster, Manifest, Telemetry
from edgewarm.engine.reporting import is_due
from edgewarm.engine.reports import Case, policy_numbers, policy_report
from edgewarm.engine.standing import Standing, Surroundings, conditions
from edgewarm.manifests.policy_status import PolicyReport, policy_status
from edgewarm.manifests.pool_status import PoolReport, pool_status
from edgewarm.model.conditions import Condition, merged
from edgewarm.model.demand import Missing, MissingKind
from edgewarm.model.errors import EdgewarmError, NotFound
from edgewarm.model.identity import Key
from edgewarm.model.names import EDGE_NODE_POOL, WARMING_POLICY
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.objects import PolicyObject, PoolObject
from edgewarm.model.view import ClusterView, Note
from edgewarm.pools.use import PoolUse, Resources, pool_use

log = structlog.get_logger()
BLIND = frozenset(kind.value for kind in MissingKind)


class Reporter:
    """Writes what changed, no more often than a reader can use it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._announced: dict[str, str] = {}
        self._written: dict[tuple[str, Key, str], tuple[Manifest, float]] = {}

    async def policy(self, around: Surroundings, state: Standing, case: Case | None, now: float) -> None:
        """Status, Event and metrics of one policy; `case` is None where nothing could be decided."""
        item = around.item
        remarks = case.ladder.remarks(case.book.rungs.trouble) if case is not None else ()
        found = merged(item.conditions, conditions(state, around, now, remarks))
        if case is None:
            self._telemetry.policy(item.key, PolicyNumbers(blind=isinstance(around.reading, Missing)))
            report = PolicyReport(item.generation, found, state.reason, state.message)
        else:
            self._telemetry.policy(item.key, policy_numbers(case))
            report = policy_report(case, found)
        await self._announce(item, state, now)
        await self._write(WARMING_POLICY, item.key, item.uid, item.status, policy_status(report), now)

    async def _announce(self, item: PolicyObject, state: Standing, now: float) -> None:
        """An Event and a log line when a policy's standing changes, none while it stays."""
        seen = next((c.reason for c in item.conditions if c.kind == "Ready"), None)
        before = self._announced.get(item.uid, seen)
        self._announced[item.uid] = state.reason
        if before == state.reason:
            return
        log.info("standing changed", policy=str(item.key), reason=state.reason, message=state.message)
        note = Note(WARMING_POLICY, item.key, item.uid, state.reason, state.message, warning=not state.ready)
        await self._cluster.record(note, now)

    async def _write(self, kind: str, key: Key, uid: str, seen: Manifest, status: Manifest, now: float) -> None:
        """Apply a status that is due; what cannot be written now is written by a later pass."""
        name = (kind, key, uid)
        old, at = self._written.get(name, (seen, float("-inf")))
        if not is_due(old, at, status, now):
            return
        try:
            await self._cluster.apply_status(kind, key, status)
            self._written[name] = (status, now)
        except NotFound:
            self._written.pop(name, None)
        except EdgewarmError as error:
            log.warning("status not written", kind=kind, key=str(key), problem=str(error))

    async def pools(self, view: ClusterView, now: float) -> None:
        """Status of every EdgeNodePool."""
        for pool in view.pools.values():
            use = None if pool.selector is None else pool_use(pool.selector, view.nodes.values(), view.pods.values())
            status = pool_status(_pool_report(pool, use, now))
            await self._write(EDGE_NODE_POOL, Key("", pool.name), pool.uid, pool.status, status, now)

    def forget(self, view: ClusterView) -> None:
        """Drop what was remembered of objects that are gone."""
        alive = {Key("", name) for name in view.pools} | set(view.policies)
        uids = {item.uid for item in view.policies.values()}
        self._announced = {uid: reason for uid, reason in self._announced.items() if uid in uids}
        self._written = {name: value for name, value in self._written.items() if name[1] in alive}

    def totals(self, states: Iterable[Standing]) -> None:
        """How many policies are ready, stalled, blind (no demand), or waiting for anything else."""
        self._telemetry.policies(Counter(_state(standing) for standing in states))


def _state(standing: Standing) -> str:
    if standing.ready or standing.stalled:
        return "ready" if standing.ready else "stalled"
    return "blind" if standing.reason in BLIND else "waiting"


def _pool_report(pool: PoolObject, use: PoolUse | None, now: float) -> PoolReport:
    reason, message, ready, stalled = _pool_state(pool, use)
    found = [Condition("Ready", "True" if ready else "False", reason, message, now, pool.generation)]
    if stalled:
        found.append(Condition("Stalled", "True", reason, message, now, pool.generation))
    use = use or PoolUse(0, 0, Resources(), Resources())
    return PoolReport(pool.generation, merged(pool.conditions, found), reason, use)


def _pool_state(pool: PoolObject, use: PoolUse | None) -> tuple[str, str, bool, bool]:
    """(reason, message, ready, stalled)."""
    if use is None:
        return "InvalidSpec", pool.problem or "the spec cannot be read", False, True
    if use.nodes == 0:
        return "NoNodes", "spec.selector matches no node: label a node, or correct the selector", False, False
    if use.ready_nodes == 0:
        return "NoReadyNodes", f"none of the {use.nodes} selected nodes is ready and schedulable", False, False
    return "NodesReady", f"{use.ready_nodes} of {use.nodes} selected nodes are ready", True, False
