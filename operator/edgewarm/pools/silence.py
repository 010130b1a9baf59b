"""Nodes that say nothing, and what is kept warm on them. Pure.

| a node                                        | what is warm there                                                  |
|-----------------------------------------------|---------------------------------------------------------------------|
| ready                                         | counts                                                              |
| not ready, for less than GRACE_SECONDS        | counts                                                              |
| not ready (False, Unknown) for longer: silent | counts no more, and stays: others are made for it, where room is    |
| ready again                                   | counts; of a surplus it goes first, so that the next silence is free |

Before a node that says nothing becomes Unknown, Kubernetes has waited for 40 s. What is warm there is in no way given
back: it holds its room and its part of the budgets, since nobody knows whether it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgewarm.model.workload import Node, Pod

GRACE_SECONDS = 60.0


def is_silent(node: Node | None, now: float) -> bool:
    """For longer than the grace; one that is gone is no business of ours, for its pods go with it."""
    return node is not None and not node.ready and now - node.ready_changed_at >= GRACE_SECONDS


def heard(pods: Iterable[Pod], nodes: Mapping[str, Node], now: float) -> tuple[Pod, ...]:
    """Those that are not on silent nodes."""
    return tuple(pod for pod in pods if not is_silent(nodes.get(pod.node), now))


def returned(pods: Iterable[Pod], nodes: Mapping[str, Node]) -> frozenset[str]:
    """Uids of those whose nodes have been silent, however long, since they were made."""
    there = ((pod, nodes.get(pod.node)) for pod in pods)
    return frozenset(pod.uid for pod, node in there if node and node.ready and node.ready_changed_at > pod.created_at)
