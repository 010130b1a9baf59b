"""Our own objects as read from the API server: parsed once, wrong ones kept with their problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgewarm.model.conditions import Condition
from edgewarm.model.identity import Key
from edgewarm.model.policy import Policy
from edgewarm.model.pool import PoolSettings
from edgewarm.model.prices import ApprovalTerms
from edgewarm.model.selector import Selector


@dataclass(frozen=True, slots=True)
class PolicyObject:
    """A WarmingPolicy: either a parsed `policy`, or the `problem` that its author must solve.

    `status` is the raw status that we wrote ourselves; a restarted operator takes up scores and lead times from it.
    """

    key: Key
    uid: str
    generation: int
    created_at: float
    policy: Policy | None
    problem: str | None = None
    conditions: tuple[Condition, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolObject:
    """An EdgeNodePool: which nodes it selects, and what its administrator asks of policies that refer to it.

    `prices` has the fields of `model.prices.Prices` that the pool sets; without `allowed_namespaces` all are allowed.
    """

    name: str
    uid: str
    generation: int
    selector: Selector | None
    problem: str | None = None
    conditions: tuple[Condition, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    prices: tuple[tuple[str, float], ...] = ()
    approval: ApprovalTerms | None = None
    created_at: float = 0.0
    settings: PoolSettings = field(default=PoolSettings())
    allowed_namespaces: Selector | None = None
