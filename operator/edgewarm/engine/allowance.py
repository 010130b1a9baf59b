"""What a pool allows to be held in a pass beyond what was asked of it: pods that are parked where they stand, and the
cpu that a standby is raised by although no pod is lacking.

| the pod that would be parked                                  | may be |
|---------------------------------------------------------------|--------|
| its policy has no pool                                        | yes    |
| its node is not the pool's, or outside the policy's regions   | no     |
| something is given up in this pass, so the room is spoken for | no     |
| with it a budget would be above its limit                     | no     |
| otherwise                                                     | yes, and the next one is asked with it |

Its room on the node is its own already, so only budgets are asked; of one that rises, those of what it takes more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from edgewarm.model.amounts import CPU
from edgewarm.model.geography import Region
from edgewarm.model.pool import Holding
from edgewarm.pools.allocate import Allocated
from edgewarm.pools.barriers import inside
from edgewarm.pools.budgets import Account


class Allowance:
    """Of one pool in one pass, for all its policies: what one of them parks is taken from the others."""

    def __init__(self, done: Allocated, members: Collection[str]) -> None:
        survey = done.survey
        self._spoken_for = any(one.cleanup or one.preempted for one in done.placed)
        self._region_label = survey.settings.region_label
        self._nodes = {node.name: node for node in survey.nodes if node.name in members}
        self._accounts = survey.accounts

    def takes(self, held: Holding, regions: Collection[Region]) -> bool:
        """By the table above; what is taken counts."""
        node = self._nodes.get(held.node)
        if node is None or self._spoken_for or not inside(node, regions, self._region_label):
            return False
        charged = tuple(account.charged(held) for account in self._accounts)
        return self._charge(charged, [new.allows(held.amounts) for new in charged])

    def raises(self, held: Holding, cores: float) -> bool:
        """Whether so many more fit into the budgets; what is taken counts."""
        if self._spoken_for or held.node not in self._nodes:
            return False
        more = replace(held, amounts={CPU: cores})
        charged = tuple(account.charged(more) for account in self._accounts)
        return self._charge(charged, [new.keeps(more.amounts) for new in charged])

    def _charge(self, charged: tuple[Account, ...], kept: Sequence[bool]) -> bool:
        pairs = zip(charged, self._accounts, kept, strict=True)
        if not all(fits or new is old for new, old, fits in pairs):
            return False
        self._accounts = charged
        return True
