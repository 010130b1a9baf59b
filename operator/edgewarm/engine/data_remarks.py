"""What the rung Data says of itself: the condition DataWarm, the first of these that holds.

| reason      | status | what                                                                        |
|-------------|--------|-----------------------------------------------------------------------------|
| DataDiffers | False  | the workload mounts another version of an item, or does not mount it        |
| PullFailing | False  | a node cannot pull one; its own words                                       |
| Waiting     | False  | nothing is on its way, and the first that waits says for what               |
| Staging     | False  | some are on their way                                                       |
| Warm        | True   | every item is on every node where it is wanted                              |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edgewarm.decide.pull_moves import NodePlan
from edgewarm.decide.storage import Tier
from edgewarm.engine.remarks import Remark
from edgewarm.model.data import DataItem
from edgewarm.model.images import canonical, repository
from edgewarm.model.workload import Pod

CONDITION = "DataWarm"


@dataclass(frozen=True)
class Unit:
    """One item on one node, what is done about it, what keeps it from its next step, and a last use to note down."""

    node: str
    item: DataItem
    wanted: bool
    plan: NodePlan
    pod: Pod | None = None
    waits: str = ""
    tier: Tier | None = None
    used_at: float | None = None

    @property
    def trouble(self) -> str:
        return self.pod.pulling.trouble if self.pod is not None and self.pod.pulling is not None else ""


def remarks(items: Sequence[DataItem], mounted: Collection[str], units: Sequence[Unit]) -> tuple[Remark, ...]:
    """`mounted` are the canonical names of the images that the workload mounts as volumes."""
    if not items:
        return ()
    differing = [_difference(item, mounted) for item in items if canonical(item.reference) not in mounted]
    if differing:
        return (Remark(CONDITION, False, "DataDiffers", differing[0]),)
    wanted = [unit for unit in units if unit.wanted]
    cold = [unit for unit in wanted if not unit.plan.warm]
    nodes = len({unit.node for unit in wanted})
    told = f"{len(wanted) - len(cold)} of {len(wanted)} items are staged on {nodes} nodes"
    failing = [unit for unit in cold if unit.trouble]
    if failing:
        return (Remark(CONDITION, False, "PullFailing", f"{told}; {_of(failing[0])}: {failing[0].trouble}"),)
    waiting = [unit for unit in cold if unit.waits]
    if not cold:
        return (Remark(CONDITION, True, "Warm", told),)
    reason = "Waiting" if len(waiting) == len(cold) else "Staging"
    last = f"; {_of(waiting[0])} waits: {waiting[0].waits}" if waiting else ""
    return (Remark(CONDITION, False, reason, told + last),)


def _of(unit: Unit) -> str:
    return f"{unit.item.name} on {unit.node}"


def _difference(item: DataItem, mounted: Collection[str]) -> str:
    others = sorted(one for one in mounted if repository(one) == repository(item.reference))
    if others:
        return (
            f"{item.name} is not staged: the workload mounts {others[0]}, and the policy says {item.digest}: "
            "set the digest to the one that is mounted"
        )
    return (
        f"{item.name} is not staged: no volume of the workload is the image {item.reference}, so nothing would read it"
    )
