"""Conditions by kstatus: Ready always present; Reconciling and Stalled only while true.

https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
`since` moves only when the status flips, not when the message changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Condition:
    """One status condition; `status` is "True", "False" or "Unknown"."""

    kind: str
    status: str
    reason: str
    message: str
    since: float
    generation: int


def merged(old: Iterable[Condition], new: Iterable[Condition]) -> tuple[Condition, ...]:
    """The new set, each keeping the old `since` where its status did not flip; sorted by kind."""
    before = {condition.kind: condition for condition in old}
    result = []
    for condition in new:
        past = before.get(condition.kind)
        same = past is not None and past.status == condition.status
        result.append(replace(condition, since=past.since) if same and past is not None else condition)
    return tuple(sorted(result, key=lambda c: c.kind))
