"""Which nodes a request may use at all, whatever room they have; each refusal in the words of a person.

In this order, the first that holds is told: another pool, not among the named nodes, outside the regions, not ready,
cordoned, taint, node selector, node affinity, topology spread, pod anti-affinity, pod affinity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np

from edgewarm.model.constraints import Constraints, PodTerm, Spread, Taint
from edgewarm.model.geography import Region
from edgewarm.model.names import HOSTNAME
from edgewarm.model.pool import Request
from edgewarm.model.selector import Selector
from edgewarm.model.workload import Node
from edgewarm.pools.survey import BoolArray, Resident, Survey

Barrier = Callable[[Node, Request, Survey], str | None]
ANYWHERE = Selector()
NAME = "metadata.name"


def _named(node: Node, request: Request, survey: Survey) -> str | None:
    return None if request.only is None or node.name in request.only else "not among the nodes asked for"


def inside(node: Node, regions: Collection[Region], region_label: str) -> bool:
    """Whether the node is in one of the regions; without any, each is."""
    label = node.labels.get(region_label)
    return not regions or any(region.holds(label, node.point) for region in regions)


def _region(node: Node, request: Request, survey: Survey) -> str | None:
    allowed = inside(node, request.regions, survey.settings.region_label)
    return None if allowed else "outside spec.regions"


def _ready(node: Node, request: Request, survey: Survey) -> str | None:
    return None if node.ready else "not ready"


def _cordon(node: Node, request: Request, survey: Survey) -> str | None:
    return None if node.schedulable else "cordoned"


def _taint(node: Node, request: Request, survey: Survey) -> str | None:
    taint = untolerated(node.taints, request.constraints)
    return None if taint is None else f"taint {taint}"


def _selector(node: Node, request: Request, survey: Survey) -> str | None:
    wanted = request.constraints.node_selector
    return None if wanted.matches(node.labels) else f"node selector {wanted}"


def _affinity(node: Node, request: Request, survey: Survey) -> str | None:
    return None if affine(node, request.constraints) else "node affinity"


BARRIERS: tuple[Barrier, ...] = (_named, _region, _ready, _cordon, _taint, _selector, _affinity)


def barrier(node: Node, request: Request, survey: Survey) -> str | None:
    """The first of `BARRIERS` that keeps the request off the node; those of spread and pods are not among them."""
    return next((found for check in BARRIERS if (found := check(node, request, survey)) is not None), None)


def admitted(request: Request, survey: Survey) -> BoolArray:
    """(N,) members of the pool without a barrier, by what does not change while requests are granted."""
    ground, constraints = survey.ground, request.constraints
    is_plain = request.only is None and not (
        request.regions or constraints.node_terms or constraints.node_selector != ANYWHERE
    )
    result = ground.serving & ground.untainted if is_plain else np.zeros(len(ground.nodes), dtype=bool)
    for i in np.flatnonzero(ground.member & ~result):
        result[i] = barrier(ground.nodes[i], request, survey) is None
    return result


def settled(request: Request, survey: Survey) -> BoolArray:
    """(N,) nodes that spread, anti-affinity and affinity allow, with the pods that are there now."""
    constraints, allowed = request.constraints, np.ones(len(survey.nodes), dtype=bool)
    for spread in constraints.spreads:
        allowed &= _spread_allows(spread, constraints, survey)
    for term in constraints.apart:
        allowed &= ~_near(term, survey)
    for term in constraints.together:
        near = _near(term, survey)
        allowed &= near if near.any() or not _is_self(term, constraints) else _has(term.topology, survey)
    return allowed & ~_kept_off_by_others(constraints, survey)


def told(request: Request, survey: Survey) -> Mapping[str, int]:
    """Why the pool's nodes refuse the request: how many by each barrier, room aside; most first."""
    constraints, counts = request.constraints, dict[str, int]()
    checks = (
        ("topology spread", _all(survey, (_spread_allows(s, constraints, survey) for s in constraints.spreads))),
        ("pod anti-affinity", _all(survey, (~_near(t, survey) for t in constraints.apart))),
        ("anti-affinity of other pods", ~_kept_off_by_others(constraints, survey)),
        ("pod affinity", settled(request, survey)),
    )
    for i, node in enumerate(survey.nodes):
        if survey.ground.member[i]:
            reason = barrier(node, request, survey) or next((why for why, open_ in checks if not open_[i]), None)
            if reason is not None:
                counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def untolerated(taints: Iterable[Taint], constraints: Constraints) -> Taint | None:
    """The first taint that keeps the pods off."""
    for taint in taints:
        if taint.refuses and not any(toleration.tolerates(taint) for toleration in constraints.tolerations):
            return taint
    return None


def affine(node: Node, constraints: Constraints) -> bool:
    """Does one of the alternatives hold? A term without any requirement matches nothing."""
    if not constraints.node_terms:
        return True
    return any(
        (term.labels or term.names)
        and all(requirement.matches(node.labels) for requirement in term.labels)
        and all(requirement.matches({NAME: node.name}) for requirement in term.names)
        for term in constraints.node_terms
    )


def _all(survey: Survey, parts: Iterable[BoolArray]) -> BoolArray:
    result = np.ones(len(survey.nodes), dtype=bool)
    for part in parts:
        result &= part
    return result


def domain_of(node: Node, topology: str) -> str | None:
    """The value of the topology key; a node without a hostname label is a domain of its own by its name."""
    return node.labels.get(topology, node.name if topology == HOSTNAME else None)


def _has(topology: str, survey: Survey) -> BoolArray:
    return np.array([domain_of(node, topology) is not None for node in survey.nodes], dtype=bool)


def _spread_allows(spread: Spread, constraints: Constraints, survey: Survey) -> BoolArray:
    """(N,) count + self - smallest count <= maxSkew, by domain; a node without the key is no place for the pod.

    https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
    """
    counts: dict[str, int] = {}
    domains = [domain_of(node, spread.topology) for node in survey.nodes]
    for i, (node, domain) in enumerate(zip(survey.nodes, domains, strict=True)):
        if domain is not None and _counts(node, spread, constraints):
            here = (r for r in survey.residents[i] if r.namespace == constraints.namespace)
            counts[domain] = counts.get(domain, 0) + sum(spread.selector.matches(r.labels) for r in here)
    least = 0 if len(counts) < spread.min_domains else min(counts.values(), default=0)
    own = int(spread.selector.matches(dict(constraints.labels)))
    fits = {domain for domain, count in counts.items() if count + own - least <= spread.max_skew}
    return np.array([domain in fits for domain in domains], dtype=bool)


def _counts(node: Node, spread: Spread, constraints: Constraints) -> bool:
    """Is the node one that the constraint looks at?"""
    if spread.honors_affinity and not (constraints.node_selector.matches(node.labels) and affine(node, constraints)):
        return False
    return not spread.honors_taints or untolerated(node.taints, constraints) is None


def _matches(term: PodTerm, resident: Resident, namespace: str) -> bool:
    return (term.namespaces is None or namespace in term.namespaces) and term.selector.matches(resident.labels)


def _is_self(term: PodTerm, constraints: Constraints) -> bool:
    """The first pod of a group whose affinity is to itself may go anywhere."""
    return _matches(term, Resident(constraints.namespace, dict(constraints.labels)), constraints.namespace)


def _near(term: PodTerm, survey: Survey) -> BoolArray:
    """(N,) nodes in a domain where a pod of the term runs."""
    domains = [domain_of(node, term.topology) for node in survey.nodes]
    taken = {
        domains[i] for i, there in enumerate(survey.residents) if any(_matches(term, r, r.namespace) for r in there)
    }
    return np.array([domain is not None and domain in taken for domain in domains], dtype=bool)


def _kept_off_by_others(constraints: Constraints, survey: Survey) -> BoolArray:
    """(N,) nodes in a domain of a pod whose own anti-affinity is against pods like these."""
    result, me = np.zeros(len(survey.nodes), dtype=bool), Resident(constraints.namespace, dict(constraints.labels))
    for i, there in enumerate(survey.residents):
        for term in (term for resident in there for term in resident.apart if _matches(term, me, me.namespace)):
            domain = domain_of(survey.nodes[i], term.topology)
            if domain is not None:
                result |= np.array([domain_of(node, term.topology) == domain for node in survey.nodes])
    return result
