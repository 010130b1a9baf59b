"""The rung Image: a workload's images on the nodes of its pool where its pods are expected, before they are.

which nodes (decide.image_rung) -> what to do on each (decide.pull_moves) -> may it begin now (guards, pull_ration)

| guard                                                     | while it holds                                     |
|-----------------------------------------------------------|----------------------------------------------------|
| the node is not ready, cordoned, or refuses the workload  | it is not wanted; what is on it stays as it is     |
| DiskPressure, or the images would fill its disk           | no pull there                                      |
| a pull of these images is in trouble and none ever worked | no further pull: the image is missing, not the node |
| another pull on the node, a pod starting, a budget        | the pull waits, and says for what (pull_ration)    |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from edgewarm.decide.image_rung import Prices, image_level
from edgewarm.decide.leads import ahead_seconds
from edgewarm.decide.pull_moves import NodePlan, PullMove, PullSeen, all_listed, node_plan
from edgewarm.engine.expected import Expectation, is_limited
from edgewarm.engine.pull_ration import PullAsk, PullRation, Waits
from edgewarm.engine.remarks import Remark
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.sites import Sites, disk_guard
from edgewarm.manifests.pull_pod import PullOrder, images_key, images_of, pull_pod
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.operations import CreateObject, DeleteObject, Operation
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.reasons import Reason, RungReason
from edgewarm.model.rungs import ImageTerms, Place, RungCount, RungName
from edgewarm.model.stages import Stage
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.silence import is_silent

CONDITION = "ImagesWarm"
WRONG_IMAGE = "no other node has it, so it is not tried elsewhere"


@dataclass(frozen=True)
class _Wish:
    """The nodes that are wanted, and why those; `by_hand` are those of them that spec.warming.nodes names."""

    nodes: frozenset[str]
    reason: Reason
    note: str
    by_hand: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Item:
    """One node's part of the plan, and what keeps it from its next step."""

    node: str
    wanted: bool
    plan: NodePlan
    pod: Pod | None = None
    waits: Waits = ""

    @property
    def trouble(self) -> str:
        return self.pod.pulling.trouble if self.pod is not None and self.pod.pulling is not None else ""

    @property
    def refused(self) -> bool:
        return self.pod is not None and self.pod.pulling is not None and self.pod.pulling.refused


class ImageRung:
    """`ration` and `sites` are shared by all policies, and remember nothing beyond one view."""

    name = RungName.IMAGE

    def __init__(self, ration: PullRation | None = None) -> None:
        self._ration = ration or PullRation()
        self._sites = Sites()

    def is_wanted(self, policy: Policy) -> bool:
        """Where a pool names nodes; unasked only in mode Act."""
        terms = policy.rungs.image
        return terms is not None and policy.pool is not None and (terms.asked or policy.mode is Mode.ACT)

    def plan(self, situation: RungSituation) -> RungPlan:
        """What is wanted, held and to be done on each node that is wanted or holds a pull pod of the policy."""
        images = images_of(situation.workload.template)
        pods = {pod.pulling.node: pod for pod in _pull_pods(situation) if pod.pulling}
        nodes = self._nodes(situation, images)
        there = {name for name, node in nodes.items() if all(node.images.has(image) for image in images)}
        wish = self._wish(situation, nodes, images, there | pods.keys())
        if situation.in_doubt:
            wish = replace(wish, nodes=wish.nodes | (pods.keys() & nodes.keys()))
        items = [self._item(situation, name, wish, pods.get(name), images) for name in sorted(wish.nodes | pods.keys())]
        counts = tuple(_count(item, wish) for item in items)
        items = self._admitted(situation, items, counts, nodes, images)
        paused = situation.policy.paused_until is not None and situation.now < situation.policy.paused_until
        steps = () if paused else items
        operations = tuple(op for item in steps if (op := self._operation(situation, item, images)) is not None)
        terms, note = situation.policy.rungs.image, wish.note if wish.nodes else ""
        return RungPlan(counts, operations, _remarks(items), note, unasked=terms is not None and not terms.asked)

    def _nodes(self, situation: RungSituation, images: Sequence[str]) -> Mapping[str, Node]:
        """The nodes of the pool that take the workload's pods."""
        if not self.is_wanted(situation.policy):
            return {}
        open_ = self._ration.open_nodes(situation.view, _asked(situation, "", len(images)), situation.now)
        return {name: node for name, node in situation.view.nodes.items() if name in open_}

    def _ask(self, situation: RungSituation, node: str, images: Sequence[str]) -> PullAsk:
        """With the size that other nodes list, and the speed of earlier pulls there, or of any."""
        speeds = situation.foresight.speeds
        size = self._sites.bytes_of(situation.view, images) or 0.0
        speed = speeds.bytes_per_second(0.5, node) or speeds.bytes_per_second(0.5) or 0.0
        return replace(_asked(situation, node, len(images)), size=size, speed=speed)

    def _wish(
        self, situation: RungSituation, nodes: Mapping[str, Node], images: Sequence[str], held_on: Collection[str]
    ) -> _Wish:
        """Where pods are expected, and where a person wants the images."""
        found = self._foreseen(situation, nodes, images, held_on)
        by_hand = situation.by_hand & nodes.keys() if images else frozenset[str]()
        if not by_hand:
            return found
        note = "; ".join([*([found.note] if found.nodes else []), f"images on {len(by_hand)} nodes by hand"])
        return _Wish(found.nodes | by_hand, found.reason, note, by_hand)

    def _foreseen(
        self, situation: RungSituation, nodes: Mapping[str, Node], images: Sequence[str], held_on: Collection[str]
    ) -> _Wish:
        """Where pods are expected with the probability that an image's price asks for."""
        terms, foresight = situation.policy.rungs.image, situation.foresight
        if terms is None or not nodes or not images:
            return _Wish(frozenset(), Reason.NO_FORECAST, "")
        if is_limited(situation):
            return _Wish(frozenset(), Reason.CONFIDENCE_LIMITED, "the forecast is not trusted yet")
        times = self._sites.sized(situation.view, foresight.stages, images)
        p50, p90 = (times.quantiles(level, foresight.speeds) for level in (0.5, 0.9))
        seconds = ahead_seconds(p90, Stage.IMAGE) + terms.ttl_seconds
        whole = foresight.whole(seconds)
        level = _level(situation, terms, p50, whole)
        if whole is None or level is None:
            return _Wish(frozenset(), Reason.NO_FORECAST, "")
        found, how = Expectation(situation, nodes, seconds, whole).on(self._sites, level, held_on)
        note = f"images on {len(found)} nodes: {how} within {seconds / 60:.0f} min (p{100 * level:.0f})"
        return _Wish(found, Reason.FORECAST, note)

    def _item(self, situation: RungSituation, name: str, wish: _Wish, pod: Pod | None, images: Sequence[str]) -> _Item:
        node, terms = situation.view.nodes.get(name), situation.policy.rungs.image or ImageTerms()
        if pod is not None and (pod.deleting or node is None or not node.ready):  # a silent node: as it is
            progress = pod.pulling
            warm = progress is not None and progress.done and not is_silent(node, situation.now)
            return _Item(name, name in wish.nodes, NodePlan(warm, held=not pod.deleting), pod)
        listed = None if node is None else all_listed([node.images.has(image) for image in images])
        seen = None if pod is None or pod.pulling is None else PullSeen(pod.pulling, pod.created_at)
        wanted = self._target(situation, name, wish, listed, pod)
        ttl = terms.ttl_seconds if self.is_wanted(situation.policy) else 0.0
        plan = node_plan(wanted, seen, listed, images_key(images), ttl, situation.now)
        return _Item(name, name in wish.nodes, plan, pod)

    @staticmethod
    def _target(situation: RungSituation, name: str, wish: _Wish, listed: bool | None, pod: Pod | None) -> bool:
        """What is wanted, or in mode Recommend what was approved."""
        holds = int(listed is True or pod is not None)
        count = RungCount(Place(RungName.IMAGE, name), int(name in wish.nodes), 0, 0, holds, wish.reason)
        return situation.target(count) > 0

    def _admitted(
        self,
        situation: RungSituation,
        items: Sequence[_Item],
        counts: Sequence[RungCount],
        nodes: Mapping[str, Node],
        images: Sequence[str],
    ) -> list[_Item]:
        """Pulls that may not begin now wait, and say for what."""
        now = situation.now
        proven = any(count.warm for count in counts) or self._sites.known(situation.view, images)
        missing = not proven and any(item.refused for item in items)
        found = []
        for item in items:
            waits: Waits = ""
            if item.plan.move is PullMove.PULL:
                node = nodes[item.node]
                waits = WRONG_IMAGE if missing else self._disk(situation, node, images)
                if not waits and situation.begins(self.name):
                    waits = self._ration.refusal(situation.view, self._ask(situation, item.node, images), now)
            found.append(_Item(item.node, item.wanted, item.plan, item.pod, waits))
        return found

    def _operation(self, situation: RungSituation, item: _Item, images: tuple[str, ...]) -> Operation | None:
        uid, key, pod = situation.item.uid, situation.item.key, item.pod
        if item.plan.move is PullMove.REMOVE and pod is not None and not pod.deleting:
            return DeleteObject(uid, "Pod", pod.key, pod.uid, pod.resource_version, item.plan.why)
        if item.plan.move is PullMove.PULL and not item.waits:
            ask = self._ask(situation, item.node, images)
            order = PullOrder(key, uid, item.node, images, situation.workload.template, ask.size, ask.speed)
            return CreateObject(uid, "Pod", key.namespace, pull_pod(order), f"a pod is expected on {item.node}")
        return None

    def _disk(self, situation: RungSituation, node: Node, images: Sequence[str]) -> str:
        size = self._sites.bytes_of(situation.view, [one for one in images if not node.images.has(one)]) or 0.0
        return disk_guard(node, size)


def _pull_pods(situation: RungSituation) -> list[Pod]:
    owned = situation.view.owned_by(situation.item.uid)
    return [pod for pod in owned if pod.labels.get(RUNG_LABEL) == RungName.IMAGE]


def _asked(situation: RungSituation, node: str, images: int) -> PullAsk:
    item = situation.item
    return PullAsk(item.key, item.uid, situation.policy, situation.workload, node, images)


def _level(
    situation: RungSituation, terms: ImageTerms, p50: Mapping[Stage, float], whole: Quantiles | None
) -> float | None:
    standby = situation.policy.rungs.standby
    prices = Prices(terms.price, None if standby is None else standby.price)
    highest = 0.0 if whole is None else whole.levels[-1]
    return image_level(p50, prices, situation.policy.holding_kappa, terms.ttl_seconds / 60, highest)


def _count(item: _Item, wish: _Wish) -> RungCount:
    place, plan = Place(RungName.IMAGE, item.node), item.plan
    reason: str = wish.reason if item.wanted or wish.reason is Reason.CONFIDENCE_LIMITED else Reason.FORECAST
    reason = RungReason.WARMED_BY_HAND if item.node in wish.by_hand else reason
    return RungCount(place, int(item.wanted), int(plan.warm), int(plan.warming), int(plan.held), reason)


def _remarks(items: Sequence[_Item]) -> tuple[Remark, ...]:
    """How many of the wanted nodes have the images, and what keeps the first of the others."""
    wanted = [item for item in items if item.wanted]
    if not wanted:
        return ()
    warm = sum(item.plan.warm for item in wanted)
    told = f"images are on {warm} of {len(wanted)} nodes"
    failing = [item for item in wanted if item.trouble and not item.plan.warm]
    if failing:
        return (Remark(CONDITION, False, "PullFailing", f"{told}; {_progress(failing[0])}"),)
    waiting = [item for item in wanted if item.waits]
    if warm == len(wanted):
        return (Remark(CONDITION, True, "Warm", told),)
    reason = "Pulling" if len(waiting) < len(wanted) - warm or not waiting else "Waiting"
    last = f"; {waiting[0].node} waits: {waiting[0].waits}" if waiting else ""
    return (Remark(CONDITION, False, reason, told + last),)


def _progress(item: _Item) -> str:
    progress = item.pod.pulling if item.pod is not None else None
    done = f"{progress.pulled} of {progress.images} images are there; " if progress else ""
    return f"{item.node}: {done}{item.trouble}"
