"""The rung Data: what a workload reads from image volumes, on the nodes where its pods are expected, before they are.

Files on claims are in engine.file_staging.

which nodes for which item (its own threshold) -> what fits the budget (decide.storage) -> what to do about each
(decide.pull_moves, by pods as those of the rung Image) -> may it begin now

| guard                                                        | while it holds                                      |
|--------------------------------------------------------------|-----------------------------------------------------|
| the workload mounts another digest, or does not mount it     | it is not staged; what is there stays for its ttl   |
| the node's images are on their way, or wait for their turn   | its data waits: the rung below comes first          |
| rungs.data.storage is used up by what is wanted or in use    | it is not staged; the condition says what is short  |
| the guards of the rung Image: silent, cordoned, disk, ration | as there                                            |

A pod of ours that staged something remembers on itself when it was last read, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from edgewarm.decide.leads import ahead_seconds
from edgewarm.decide.pull_moves import NodePlan, PullMove, PullSeen, node_plan
from edgewarm.decide.storage import Kept, StoragePlan, Tier, storage_plan, tier
from edgewarm.engine.data_remarks import Mounts, Unit, remarks
from edgewarm.engine.expected import Expectation, is_asked, is_limited
from edgewarm.engine.file_staging import FileStaging
from edgewarm.engine.pull_ration import PullAsk, PullRation, Waits
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.sites import Sites, disk_guard
from edgewarm.manifests.data_pod import data_order, last_used
from edgewarm.manifests.pull_pod import images_key, pull_pod
from edgewarm.model.data import DataItem, Staged
from edgewarm.model.identity import Key
from edgewarm.model.images import canonical
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.operations import CreateObject, DeleteObject, Operation, PatchObject, Tally
from edgewarm.model.policy import Policy
from edgewarm.model.reasons import Reason, RungReason
from edgewarm.model.rungs import DataTerms, Place, RungCount, RungName
from edgewarm.model.stages import Stage
from edgewarm.model.template import PodTemplate
from edgewarm.model.workload import Node, Pod

NOTED_SECONDS = 300.0
"""A last use is written down again only once the one that is written is as old as this."""
GONE = "it gives way to data that is wanted"


@dataclass(frozen=True)
class _Shelf:
    """One node: the pods that staged something there by reference, and those of the workload that mount what."""

    name: str
    node: Node | None
    pods: Mapping[str, Pod]
    readers: Mapping[str, Sequence[Pod]]

    def kept(self, now: float) -> Mapping[str, Kept]:
        return {reference: self._kept(reference, pod, now) for reference, pod in self.pods.items()}

    def _kept(self, reference: str, pod: Pod, now: float) -> Kept:
        used, in_use = _used_at(pod), bool(self.readers.get(reference))
        return Kept(float(pod.pulling.size) if pod.pulling else 0.0, now if in_use else used, in_use)


@dataclass(frozen=True)
class _Orders:
    """References that are wanted on a node, those of them (or of what is there) that may be, and what fits."""

    wished: frozenset[str]
    approved: frozenset[str]
    budget: StoragePlan


class DataRung:
    """`ration` is shared with the rung Image: both are pulls."""

    name = RungName.DATA

    def __init__(self, ration: PullRation | None = None, files: FileStaging | None = None) -> None:
        self._ration = ration or PullRation()
        self._files = files or FileStaging()
        self._sites = Sites()

    def is_wanted(self, policy: Policy) -> bool:
        return policy.rungs.data is not None and bool(policy.data)

    def plan(self, situation: RungSituation) -> RungPlan:
        """What is wanted, held and to be done of each item on each node."""
        pods, items = _by_node(situation), situation.policy.data if self.is_wanted(situation.policy) else ()
        mounts = mounted(situation.workload.template)
        images = [one for one in items if mounts.has(one) and one.file is None]
        open_ = self._ration.open_nodes(situation.view, _ask(situation, "", None), situation.now) if images else ()
        nodes = {name: node for name, node in situation.view.nodes.items() if name in open_}
        wished = self._wished(situation, nodes, images, pods)
        units: list[Unit] = []
        for name in sorted(wished.keys() | pods.keys()):
            units += self._on(situation, self._shelf(situation, name, pods.get(name, {})), wished.get(name, ()), nodes)
        files = self._files.units(situation, [one for one in items if mounts.has(one)])
        counts = tuple(
            _count(name, [*files, *units], situation.by_hand)
            for name in sorted({unit.node for unit in (*files, *units)})
        )
        operations = [op for unit in units for op in _operations(situation, unit)]
        operations += self._files.operations(situation, files)
        paused = situation.policy.paused_until is not None and situation.now < situation.policy.paused_until
        said = remarks(items, mounts, [*files, *units])
        return RungPlan(counts, () if paused else tuple(operations), said, _note(counts), stored=_stored(units))

    def _wished(
        self,
        situation: RungSituation,
        nodes: Mapping[str, Node],
        items: Sequence[DataItem],
        pods: Mapping[str, Mapping[str, Pod]],
    ) -> Mapping[str, Sequence[DataItem]]:
        """Node -> the items that are wanted there, in the order of the policy; in doubt also those that are there."""
        found = dict(self._foreseen(situation, nodes, items, pods))
        for name in situation.by_hand & nodes.keys() if items else ():
            found[name] = items  # whatever their thresholds: who asks by hand is certain
        if not situation.in_doubt:
            return found
        there = {name: [one for one in items if one.reference in pods.get(name, {})] for name in nodes}
        kept = {name: [one for one in items if one in found.get(name, ()) or one in there[name]] for name in nodes}
        return {name: some for name, some in kept.items() if some}

    def _foreseen(
        self,
        situation: RungSituation,
        nodes: Mapping[str, Node],
        items: Sequence[DataItem],
        pods: Mapping[str, Mapping[str, Pod]],
    ) -> Mapping[str, Sequence[DataItem]]:
        foresight = situation.foresight
        terms = situation.policy.rungs.data or DataTerms()
        seconds = ahead_seconds(foresight.stages.quantiles(0.9, foresight.speeds), Stage.DATA) + terms.ttl_seconds
        whole = foresight.whole(seconds) if nodes and not is_limited(situation) else None
        if whole is None:
            return {}
        found: dict[str, list[DataItem]] = {}
        ahead = Expectation(situation, nodes, seconds, whole)
        for item in items:
            level = min(1 - item.threshold, whole.levels[-1])
            if not is_asked(situation, item.kinds, level, seconds):
                continue
            there = {name for name, held in pods.items() if item.reference in held}
            there |= {name for name, node in nodes.items() if node.images.has(item.reference)}
            for name in ahead.on(self._sites, level, there)[0]:
                found.setdefault(name, []).append(item)
        return found

    def _on(
        self, situation: RungSituation, shelf: _Shelf, wished: Sequence[DataItem], nodes: Mapping[str, Node]
    ) -> list[Unit]:
        """Every item that one node holds or should hold."""
        terms = situation.policy.rungs.data or DataTerms(0.0, 0.0)
        items = {**{name: _former(pod) for name, pod in shelf.pods.items()}, **{one.reference: one for one in wished}}
        listed = {name for name in items if shelf.node is not None and shelf.node.images.has(name)}
        approved = _approved(situation, shelf, wished, listed)
        ours = {name: items[name].size for name in approved if name in shelf.pods or name not in listed}
        budget = storage_plan(ours, shelf.kept(situation.now), terms.most_bytes)
        orders = _Orders(frozenset(one.reference for one in wished), frozenset(approved), budget)
        return [self._unit(situation, shelf, item, orders, nodes) for item in items.values()]

    def _unit(
        self,
        situation: RungSituation,
        shelf: _Shelf,
        item: DataItem,
        orders: _Orders,
        nodes: Mapping[str, Node],
    ) -> Unit:
        """One item on one node."""
        reference, pod = item.reference, shelf.pods.get(item.reference)
        wished, approved = reference in orders.wished, reference in orders.approved
        if pod is not None and (pod.deleting or shelf.node is None or not shelf.node.ready):  # silent: as it is
            warm = pod.pulling is not None and pod.pulling.done
            return Unit(shelf.name, item, wished, NodePlan(warm, held=not pod.deleting), pod)
        ttl = situation.policy.rungs.data.ttl_seconds if situation.policy.rungs.data else 0.0
        kept = shelf.kept(situation.now).get(reference)
        listed = None if shelf.node is None else shelf.node.images.has(reference)
        seen = None
        if pod is not None and pod.pulling is not None and kept is not None:
            seen = PullSeen(pod.pulling, max(pod.created_at, kept.used_at) if ttl else pod.created_at)
        found = node_plan(approved, seen, listed, images_key((reference,)), ttl, situation.now)
        if reference in orders.budget.evicted:
            found = replace(found, move=PullMove.REMOVE, why=GONE)
        unit = Unit(shelf.name, item, wished, found, pod, tier=tier(approved, kept) if kept else None)
        unit = replace(unit, used_at=_to_note(situation.now, shelf, unit))
        return replace(unit, waits=self._waits(situation, unit, orders.budget, nodes))

    def _shelf(self, situation: RungSituation, name: str, pods: Mapping[str, Pod]) -> _Shelf:
        there = self._sites.readers(situation.view, name)
        readers = {reference: [pod for pod in there if canonical(reference) in pod.mounts] for reference in pods}
        return _Shelf(name, situation.view.nodes.get(name), pods, readers)

    def _waits(self, situation: RungSituation, unit: Unit, budget: StoragePlan, nodes: Mapping[str, Node]) -> Waits:
        """Why it may not be staged yet."""
        if unit.plan.move is not PullMove.PULL:
            return ""
        reference = unit.item.reference
        if reference in budget.short:
            return f"rungs.data.storage lacks {budget.short[reference] / 2**20:.0f} MiB for it"
        if any(_is_cold_image(count, unit.node) for count in situation.below):
            return "the workload's images come first"
        held_up = disk_guard(nodes[unit.node], unit.item.size)
        if held_up or not situation.begins(self.name):
            return held_up
        return self._ration.refusal(situation.view, _ask(situation, unit.node, unit.item), situation.now)


@lru_cache(maxsize=4096)
def mounted(template: PodTemplate) -> Mounts:
    """What it mounts as volumes."""
    volumes = template.spec.get("volumes") or ()
    images = [(volume.get("image") or {}).get("reference") for volume in volumes]
    claims = [(volume.get("persistentVolumeClaim") or {}).get("claimName") for volume in volumes]
    return Mounts(frozenset(canonical(one) for one in images if one), frozenset(one for one in claims if one))


def _by_node(situation: RungSituation) -> Mapping[str, Mapping[str, Pod]]:
    """node -> reference -> the pod that staged it."""
    found: dict[str, dict[str, Pod]] = {}
    for pod in situation.view.owned_by(situation.item.uid):
        if pod.labels.get(RUNG_LABEL) == RungName.DATA and pod.pulling is not None and pod.staged is not None:
            found.setdefault(pod.pulling.node, {})[pod.staged.reference] = pod
    return found


def _former(pod: Pod) -> DataItem:
    """What the policy names, or named once."""
    staged = pod.staged or Staged("", "")
    image, _, digest = staged.reference.partition("@")
    return DataItem(staged.name, image, digest, float(pod.pulling.size) if pod.pulling else 0.0)


def _ask(situation: RungSituation, node: str, item: DataItem | None) -> PullAsk:
    """One image to pull, with the speed of earlier pulls there, or of any."""
    speeds, policy = situation.foresight.speeds, situation.item
    speed = speeds.bytes_per_second(0.5, node) or speeds.bytes_per_second(0.5) or 0.0
    size, what = (0.0, "data") if item is None else (item.size, f"data {item.name}")
    return PullAsk(
        policy.key, policy.uid, situation.policy, situation.workload, node, 1, size, speed, RungName.DATA, what
    )


def _approved(
    situation: RungSituation, shelf: _Shelf, wished: Sequence[DataItem], listed: Iterable[str]
) -> Sequence[str]:
    """What is wanted, or in mode Recommend as many as were approved: the wanted first, then the last used."""
    names = [one.reference for one in wished]
    place = Place(RungName.DATA, shelf.name)
    held = len({*shelf.pods, *listed})
    most = situation.target(RungCount(place, len(names), 0, 0, held, Reason.FORECAST))
    others = sorted(shelf.pods.keys() - set(names), key=lambda name: -_used_at(shelf.pods[name]))
    return [*names, *others][:most]


def _is_cold_image(count: RungCount, node: str) -> bool:
    return count.place == Place(RungName.IMAGE, node) and count.wanted > count.warm


def _used_at(pod: Pod) -> float:
    """Its last use; where nothing used it, when it had come, or was asked for."""
    used, ended = pod.staged.used_at if pod.staged else None, pod.pulling.ended_at if pod.pulling else None
    return max(pod.created_at, ended or 0.0, used or 0.0)


def _to_note(now: float, shelf: _Shelf, unit: Unit) -> float | None:
    """The last use that is to be written down: of pods that came after the data."""
    pod = unit.pod
    if pod is None or pod.staged is None or unit.plan.move is PullMove.REMOVE or not unit.plan.warm:
        return None
    read = any(reader.created_at >= pod.created_at for reader in shelf.readers.get(unit.item.reference, ()))
    noted = pod.staged.used_at
    return now if read and (noted is None or now - noted >= NOTED_SECONDS) else None


def _count(node: str, units: Sequence[Unit], by_hand: frozenset[str]) -> RungCount:
    mine = [unit for unit in units if unit.node == node]
    wanted, warm = sum(unit.wanted for unit in mine), sum(unit.plan.warm and unit.wanted for unit in mine)
    warming, held = sum(unit.plan.warming for unit in mine), sum(unit.plan.held for unit in mine)
    reason = RungReason.WARMED_BY_HAND if node in by_hand else Reason.FORECAST
    return RungCount(Place(RungName.DATA, node or None), wanted, warm, warming, held, reason)


def _operations(situation: RungSituation, unit: Unit) -> Iterable[Operation]:
    uid, key, pod = situation.item.uid, situation.item.key, unit.pod
    if unit.plan.move is PullMove.REMOVE and pod is not None and not pod.deleting:
        yield DeleteObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, unit.plan.why, ends=_ends(key, pod))
    elif unit.plan.move is PullMove.PULL and not unit.waits:
        speed = _ask(situation, unit.node, unit.item).speed
        order = data_order(situation.item, unit.node, unit.item, situation.workload.template, speed)
        why = f"a pod that reads {unit.item.name} is expected on {unit.node}"
        yield CreateObject(uid, "Pod", key.namespace, pull_pod(order), why)
    elif unit.used_at is not None and pod is not None:
        body = last_used(unit.used_at)
        yield PatchObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, body, "the data there was read")


def _ends(policy: Key, pod: Pod) -> Tally | None:
    """Bytes that were there, and go."""
    if pod.staged is None or pod.pulling is None or not pod.pulling.done:
        return None
    return Tally(policy, pod.staged.used_at is not None, float(pod.pulling.size))


def _stored(units: Sequence[Unit]) -> Mapping[str, float]:
    """Bytes that pods of ours hold, by tier."""
    found = dict.fromkeys(map(str, Tier), 0.0)
    for unit in units:
        if unit.tier is not None and unit.plan.warm and unit.pod is not None:
            found[unit.tier] += unit.item.size
    return found if units else {}


def _note(counts: Sequence[RungCount]) -> str:
    wanted, warm = sum(count.wanted for count in counts), sum(count.warm for count in counts)
    return f"data: {warm} of {wanted} staged on {sum(count.wanted > 0 for count in counts)} nodes" if wanted else ""
