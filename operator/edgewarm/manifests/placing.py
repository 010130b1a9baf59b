"""Where a pod of ours may go: where the workload's pods may, as far apart, and on one node if need be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.model.selector import Requirement, Selector

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def on_node(node: str | None, spec: dict[str, Any]) -> dict[str, Any]:
    """Required affinity to the node, beside what the template requires: its terms are alternatives, so each gets it.

    Not nodeName: that would pass the scheduler by, and with it everything that keeps a pod off a node.
    """
    if node is None:
        return spec
    required = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {}).setdefault(REQUIRED, {})
    here = {"key": "metadata.name", "operator": "In", "values": [node]}
    for term in required.setdefault("nodeSelectorTerms", [{}]):
        term["matchFields"] = [*(term.get("matchFields") or ()), here]
    return spec


def kept_apart(spec: dict[str, Any], labels: Mapping[str, str], mine: Mapping[str, str]) -> dict[str, Any]:
    """Anti-affinity of the workload's pods (`labels`) to each other holds between those with the labels `mine`, too.

    Spread is among `mine`: a second constraint over the same topology is not allowed, so theirs stands in for the
    template's. Changes `spec`.
    """
    selector = {"matchLabels": dict(mine)}
    anti = (spec.get("affinity") or {}).get("podAntiAffinity")
    if anti:
        for name, inner in ((REQUIRED, None), (PREFERRED, "podAffinityTerm")):
            terms = anti.get(name) or []
            added = [_copied(term, inner, selector) for term in terms if _selects(term, inner, labels)]
            if added:
                anti[name] = [*terms, *added]
    for constraint in spec.get("topologySpreadConstraints") or ():
        if _matches(constraint.get("labelSelector"), labels):
            constraint["labelSelector"] = selector
            constraint.pop("matchLabelKeys", None)
    return spec


def _copied(term: Mapping[str, Any], inner: str | None, selector: Mapping[str, Any]) -> dict[str, Any]:
    bare = dict(term[inner] if inner else term)
    for name in ("matchLabelKeys", "mismatchLabelKeys", "namespaces", "namespaceSelector"):
        bare.pop(name, None)
    bare["labelSelector"] = dict(selector)
    return {**term, inner: bare} if inner else bare


def _selects(term: Mapping[str, Any], inner: str | None, labels: Mapping[str, str]) -> bool:
    return _matches((term.get(inner) or {} if inner else term).get("labelSelector"), labels)


def _matches(wire: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """As the scheduler reads a labelSelector: none at all selects nothing."""
    if wire is None:
        return False
    requirements = tuple(
        Requirement(one["key"], one["operator"], tuple(one.get("values") or ()))
        for one in wire.get("matchExpressions") or ()
    )
    return Selector(tuple((wire.get("matchLabels") or {}).items()), requirements).matches(labels)
