"""What the rung Data says of itself: the condition DataWarm, the first of these that holds.

| reason      | status | what                                                                        |
|-------------|--------|-----------------------------------------------------------------------------|
| DataDiffers | False  | the workload mounts another version of an item, or not it or its claim      |
| PullFailing | False  | a node cannot pull one, or it cannot be fetched; in the words of who tried  |
| Waiting     | False  | nothing is on its way, and the first that waits says for what               |
| Staging     | False  | some are on their way                                                       |
| Warm        | True   | every item is on every node where it is wanted                              |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewarm.decide.pull_moves import NodePlan
from edgewarm.decide.storage import Tier
from edgewarm.engine.pull_ration import Waits
from edgewarm.engine.remarks import Remark
from edgewarm.model.data import DataItem
from edgewarm.model.images import canonical, repository
from edgewarm.model.workload import Pod

CONDITION = "DataWarm"


@dataclass(frozen=True)
class Unit:
    """One item on one node (a file on its claim: node ""): what is done about it, what keeps it from its next step, and
    a last use to note down."""

    node: str
    item: DataItem
    wanted: bool
    plan: NodePlan
    pod: Pod | None = None
    waits: Waits = ""
    tier: Tier | None = None
    used_at: float | None = None

    @property
    def trouble(self) -> str:
        progress = None if self.pod is None else self.pod.pulling or self.pod.fetching
        return "" if progress is None else progress.trouble


@dataclass(frozen=True)
class Mounts:
    """What the workload's template mounts: images by their canonical names, and claims."""

    images: frozenset[str]
    claims: frozenset[str]

    def has(self, item: DataItem) -> bool:
        return item.file.claim in self.claims if item.file is not None else canonical(item.reference) in self.images


def remarks(items: Sequence[DataItem], mounts: Mounts, units: Sequence[Unit]) -> tuple[Remark, ...]:
    """The condition, where the policy names items."""
    if not items:
        return ()
    differing = [_difference(item, mounts) for item in items if not mounts.has(item)]
    if differing:
        return (Remark(CONDITION, False, "DataDiffers", differing[0]),)
    wanted = [unit for unit in units if unit.wanted]
    if not wanted:
        return ()
    cold = [unit for unit in wanted if not unit.plan.warm]
    nodes = len({unit.node for unit in wanted if unit.node})
    told = f"{len(wanted) - len(cold)} of {len(wanted)} items are staged" + (f" on {nodes} nodes" if nodes else "")
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
    return f"{unit.item.name} on {unit.node or 'its claim'}"


def _difference(item: DataItem, mounts: Mounts) -> str:
    if item.file is not None:
        return f"{item.name} is not fetched: no volume of the workload is the claim {item.file.claim}"
    others = sorted(one for one in mounts.images if repository(one) == repository(item.reference))
    if others:
        return (
            f"{item.name} is not staged: the workload mounts {others[0]}, and the policy says {item.digest}: "
            "set the digest to the one that is mounted"
        )
    return (
        f"{item.name} is not staged: no volume of the workload is the image {item.reference}, so nothing would read it"
    )
