"""Labels of a standby: those of its template, changed until nothing that counts or feeds the workload selects it.

| a selector says            | the standby's label           |
|----------------------------|-------------------------------|
| key = value, key In (..)   | key has `HIDDEN` as its value |
| key Exists                 | key is removed                |
| key NotIn (..)             | key has the first of them, if nothing else hides it |
| key DoesNotExist           | key is there with `HIDDEN`, if nothing else hides it |

All other labels stay: network policies, meshes and cost reports go by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgewarm.model.names import POD_TEMPLATE_HASH
from edgewarm.model.workload import Selector, Service

HIDDEN = "edgewarm-standby"


def feeding(labels: Mapping[str, str], services: Iterable[Service]) -> tuple[Service, ...]:
    """The Services that send traffic to pods with these labels."""
    return tuple(service for service in services if service.matches(labels))


def hidden(labels: Mapping[str, str], selectors: Sequence[Selector]) -> Mapping[str, str]:
    """The template's labels, altered by the table above."""
    found = {key: value for key, value in labels.items() if key != POD_TEMPLATE_HASH}
    for selector in selectors:
        equal = [key for key, _ in selector.labels]
        chosen = [one.key for one in selector.requirements if one.operator == "In"]
        found |= dict.fromkeys((*equal, *chosen), HIDDEN)
    for selector in selectors:
        for one in selector.requirements:
            if one.operator == "Exists":
                found.pop(one.key, None)
    for selector in selectors:
        if selector.matches(found):
            found = _contradicted(found, selector)
    return found


def _contradicted(labels: Mapping[str, str], selector: Selector) -> dict[str, str]:
    """For a selector of negations only."""
    for one in selector.requirements:
        if one.operator == "NotIn" and one.values:
            return {**labels, one.key: one.values[0]}
        if one.operator == "DoesNotExist":
            return {**labels, one.key: HIDDEN}
    return dict(labels)


def altered(labels: Mapping[str, str], hidden_ones: Mapping[str, str]) -> frozenset[str]:
    """The keys in which the two differ."""
    keys = labels.keys() | hidden_ones.keys()
    return frozenset(key for key in keys if labels.get(key) != hidden_ones.get(key))


def selectors_of(workload: Selector, services: Iterable[Service]) -> tuple[Selector, ...]:
    """What must not select a standby."""
    return (workload, *(Selector(service.selector) for service in services))


def exposure(labels: Mapping[str, str], workload: Selector, services: Iterable[Service]) -> str | None:
    """What selects these labels though nothing should, in words."""
    if workload.matches(labels):
        return "the workload's own selector"
    found = feeding(labels, services)
    return f"Service {found[0].key.name}" if found else None
