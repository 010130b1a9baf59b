"""Which data a node holds within a budget of bytes: what is wanted first, then what was used last.

| tier | what                                    | gives way                                              |
|------|-----------------------------------------|--------------------------------------------------------|
| hot  | a pod on the node has it mounted        | never: nothing would be freed                          |
| warm | it is wanted                            | never to what is not held yet                          |
| cold | it is not wanted (any more)             | the longest unused first, to whatever is wanted        |

What is wanted and not held yet is granted in its order, as long as it fits beside hot and warm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    """How likely data is to be read soon."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


@dataclass(frozen=True, slots=True)
class Kept:
    """Data that a node holds: bytes, and Unix seconds of its last use, or of its arrival where nothing used it."""

    size: float
    used_at: float
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """`grants` may be staged, `evicted` give way, longest unused first; `short` has the bytes that others lack."""

    grants: tuple[str, ...] = ()
    evicted: tuple[str, ...] = ()
    short: Mapping[str, float] = field(default_factory=dict)


def tier(wanted: bool, kept: Kept) -> Tier:
    """Where it stands."""
    return Tier.HOT if kept.in_use else Tier.WARM if wanted else Tier.COLD


def storage_plan(wanted: Mapping[str, float], kept: Mapping[str, Kept], budget: float) -> StoragePlan:
    """`wanted` is bytes by reference, most wanted first; `kept` by reference.

    >>> storage_plan({"b": 6.0}, {"a": Kept(5.0, 10.0)}, 10.0)
    StoragePlan(grants=('b',), evicted=('a',), short={})
    """
    cold = _by_last_use(kept, [name for name, one in kept.items() if tier(name in wanted, one) is Tier.COLD])
    fixed = sum(one.size for name, one in kept.items() if name not in cold)
    grants, short = [], {}
    for name, size in wanted.items():
        if name in kept:
            continue
        if fixed + size <= budget:
            grants.append(name)
            fixed += size
        else:
            short[name] = fixed + size - budget
    over = fixed + sum(kept[name].size for name in cold) - budget
    return StoragePlan(tuple(grants), _first(cold, kept, over), short)


def _by_last_use(kept: Mapping[str, Kept], names: Collection[str]) -> Sequence[str]:
    """Longest unused first."""
    return sorted(names, key=lambda name: (kept[name].used_at, name))


def _first(cold: Sequence[str], kept: Mapping[str, Kept], over: float) -> tuple[str, ...]:
    """As many of them as free `over` bytes."""
    found = []
    for name in cold:
        if over <= 0:
            break
        found.append(name)
        over -= kept[name].size
    return tuple(found)
