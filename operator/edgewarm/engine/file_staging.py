"""The files of the rung Data: fetched onto a claim of the namespace by a pod of a fetcher class.

| asked, in this order                         | otherwise                                            |
|----------------------------------------------|------------------------------------------------------|
| does the workload mount the claim?           | it is not fetched (DataDiffers)                      |
| is there such a class, for this namespace?   | it waits, and the condition names the class          |
| is a pod needed, above the item's threshold? | not wanted: its pod goes after rungs.data.ttl        |
| is another file of the policy on its way?    | it waits for its turn                                |
| has the pool room for a fetch? (pull_ration) | it waits, and the condition says what is short       |

A claim is one place for all nodes that can mount it, so files count at no node. What a try brought stays on the claim,
and the next goes on from there; a try that ended without the file is looked at for ten minutes, then comes the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgewarm.decide.leads import ahead_seconds
from edgewarm.decide.newsvendor import held
from edgewarm.decide.pull_moves import NodePlan, PullMove, PullSeen, node_plan
from edgewarm.engine.data_remarks import Unit
from edgewarm.engine.expected import is_asked, is_limited
from edgewarm.engine.pull_ration import PullAsk, PullRation, Waits
from edgewarm.engine.rungs import RungSituation
from edgewarm.manifests.fetch_pod import REQUESTS, FetchOrder, fetch_key, fetch_pod
from edgewarm.model.data import DataItem
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.operations import CreateObject, DeleteObject, Operation
from edgewarm.model.reasons import Reason
from edgewarm.model.rungs import DataTerms, Place, RungCount, RungName
from edgewarm.model.stages import Stage
from edgewarm.model.units import parse_quantity
from edgewarm.model.workload import Pod

ASKS = {name: float(parse_quantity(text)) for name, text in REQUESTS.items()}


@dataclass(frozen=True)
class FileStaging:
    """`fetchers` by name; `ration` is shared with all that pulls."""

    fetchers: Mapping[str, FetcherClass] = field(default_factory=dict)
    ration: PullRation = field(default_factory=PullRation)

    def units(self, situation: RungSituation, items: Sequence[DataItem]) -> list[Unit]:
        """Every file that is wanted or that a pod was made for; `items` are those that the workload mounts."""
        pods = {pod.fetching.key: pod for pod in situation.view.owned_by(situation.item.uid) if pod.fetching}
        files = [item for item in items if item.file is not None]
        wanted = _wanted(situation, files)
        if situation.in_doubt:
            wanted = [item for item in files if item in wanted or fetch_key(item) in pods]
        named = {fetch_key(item): item for item in wanted}
        former = {key: DataItem.former(pod.staged.name if pod.staged else "") for key, pod in pods.items()}
        approved = _approved(situation, tuple(named), pods)
        busy = any(pod.fetching is not None and pod.fetching.ended_at is None for pod in pods.values())
        found = []
        for key, item in {**former, **named}.items():
            unit = _unit(situation, item, key, pods.get(key), (key in named, key in approved))
            waits = self._waits(situation, unit, busy)
            busy = busy or (unit.plan.move is PullMove.PULL and not waits)
            found.append(Unit(unit.node, unit.item, unit.wanted, unit.plan, unit.pod, waits))
        return found

    def _waits(self, situation: RungSituation, unit: Unit, busy: bool) -> Waits:
        file, namespace = unit.item.file, situation.item.key.namespace
        if unit.plan.move is not PullMove.PULL or file is None:
            return ""
        fetcher = self.fetchers.get(file.fetcher)
        if fetcher is None or not fetcher.serves(namespace):
            return f"the operator's configuration has no fetcher class {file.fetcher} for namespace {namespace}"
        if unit.item.size > fetcher.most_bytes:
            return f"its size is above the {fetcher.most_bytes} bytes that fetcher class {file.fetcher} allows"
        if busy:
            return "another file is being fetched"
        if situation.policy.pool is None or not situation.begins(RungName.DATA):
            return ""
        return self.ration.refusal(situation.view, _ask(situation, unit.item, fetcher), situation.now)

    def operations(self, situation: RungSituation, units: Sequence[Unit]) -> Iterable[Operation]:
        """Pods to make and to delete."""
        uid, key = situation.item.uid, situation.item.key
        for unit in units:
            pod, file = unit.pod, unit.item.file
            if unit.plan.move is PullMove.REMOVE and pod is not None and not pod.deleting:
                yield DeleteObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, unit.plan.why)
            elif unit.plan.move is PullMove.PULL and not unit.waits and file is not None:
                kept = tuple(one.digest for one in situation.policy.data if one.file and one.file.claim == file.claim)
                terms, template = situation.policy.rungs.data or DataTerms(), situation.workload.template
                fetcher = self.fetchers[file.fetcher]
                speed = _speed(situation, fetcher)
                hosts = self.ration.hosts(situation.view, situation.policy, situation.now)
                order = FetchOrder(situation.item, unit.item, file, fetcher, terms, template, kept, speed, hosts)
                why = f"a pod that reads {unit.item.name} is expected"
                yield CreateObject(uid, "Pod", key.namespace, fetch_pod(order), why)


def _wanted(situation: RungSituation, items: Sequence[DataItem]) -> list[DataItem]:
    """Those that a pod is likely enough to need."""
    terms, foresight = situation.policy.rungs.data or DataTerms(), situation.foresight
    if not items or is_limited(situation):
        return []
    seconds = ahead_seconds(foresight.stages.quantiles(0.9, foresight.speeds), Stage.DATA) + terms.ttl_seconds
    whole, each = foresight.whole(seconds), situation.policy.capacity_per_pod
    if whole is None:
        return []
    levels = {item.name: min(1 - item.threshold, whole.levels[-1]) for item in items}
    likely = [item for item in items if held(whole, levels[item.name], each) >= 1]
    return [item for item in likely if is_asked(situation, item.kinds, levels[item.name], seconds)]


def _approved(situation: RungSituation, named: tuple[str, ...], pods: Mapping[str, Pod]) -> Sequence[str]:
    """What is wanted, or in mode Recommend as many as were approved."""
    count = RungCount(Place(RungName.DATA), len(named), 0, 0, len(pods), Reason.FORECAST)
    return [*named, *(key for key in pods if key not in named)][: situation.target(count)]


def _unit(situation: RungSituation, item: DataItem, key: str, pod: Pod | None, wanted: tuple[bool, bool]) -> Unit:
    wished, approved = wanted
    if pod is not None and pod.deleting:
        return Unit("", item, wished, NodePlan(), pod)
    ttl = situation.policy.rungs.data.ttl_seconds if situation.policy.rungs.data else 0.0
    seen = None if pod is None or pod.fetching is None else PullSeen(pod.fetching, pod.created_at)
    return Unit("", item, wished, node_plan(approved, seen, None, key, ttl, situation.now), pod)


def _ask(situation: RungSituation, item: DataItem, fetcher: FetcherClass) -> PullAsk:
    """One fetch."""
    mine, what, speed = situation.item, f"data {item.name}", _speed(situation, fetcher)
    policy, workload = situation.policy, situation.workload
    return PullAsk(mine.key, mine.uid, policy, workload, "", 1, item.size, speed, RungName.DATA, what, ASKS)


def _speed(situation: RungSituation, fetcher: FetcherClass) -> float:
    """Bytes/s of a fetch: as pulls were measured, and no more than its class allows; 0 where neither is known."""
    known = (fetcher.bytes_per_second, situation.foresight.speeds.bytes_per_second(0.5))
    return float(min((one for one in known if one), default=0.0))
