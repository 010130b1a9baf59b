"""Report: statuses, Events about a changed standing, metrics. The one writer of conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import structlog

from edgewarm.engine.alone import alone
from edgewarm.engine.moving import migrating
from edgewarm.engine.pool_reports import pool_report
from edgewarm.engine.pooling import PoolState
from edgewarm.engine.ports import Cluster, Manifest, Telemetry
from edgewarm.engine.remarks import Remark
from edgewarm.engine.reporting import is_due
from edgewarm.engine.reports import Found, policy_numbers, policy_report
from edgewarm.engine.standing import Standing, conditions
from edgewarm.manifests.policy_status import PolicyReport, policy_status
from edgewarm.manifests.pool_status import pool_status
from edgewarm.model.conditions import merged
from edgewarm.model.demand import Missing, MissingKind
from edgewarm.model.errors import EdgewarmError, NotFound
from edgewarm.model.identity import Key
from edgewarm.model.names import EDGE_NODE_POOL, WARMING_POLICY
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.objects import PolicyObject
from edgewarm.model.view import ClusterView, Note

log = structlog.get_logger()
BLIND = frozenset(kind.value for kind in MissingKind)


class Reporter:
    """Writes what changed, no more often than a reader can use it."""

    def __init__(self, cluster: Cluster, telemetry: Telemetry) -> None:
        self._cluster = cluster
        self._telemetry = telemetry
        self._announced: dict[str, str] = {}
        self._written: dict[tuple[str, Key, str], tuple[Manifest, float]] = {}

    async def policy(self, one: Found, remarks: Iterable[Remark], now: float) -> None:
        """Status, Event and metrics of one policy."""
        around, state, case = one.around, one.state, one.case
        item = around.item
        rungs = case.ladder.remarks(case.book.rungs.trouble) if case is not None else ()
        moves = migrating(case.climb, case.book.rungs.moves) if case is not None else ()
        found = merged(item.conditions, conditions(state, around, now, (*remarks, *rungs, *moves)))
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

    async def pools(self, view: ClusterView, states: Mapping[str, PoolState], now: float) -> None:
        """Status of every EdgeNodePool that was planned."""
        for name, state in states.items():
            pool, key = view.pools[name], Key("", name)
            with alone(key, "a pool's status could not be told"):
                status = pool_status(pool_report(pool, state, now))
                await self._write(EDGE_NODE_POOL, key, pool.uid, pool.status, status, now)

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
