"""What a pod template says about its nodes, from the wire to `model.constraints`; preferences are passed over.

`namespaceSelector` is read as "all namespaces": it may keep two pods apart that could be together, never the reverse
for anti-affinity. `matchLabelKeys` are passed over, as a template has no value for them: all revisions count together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from edgewarm.cluster.milestones import InitContainer
from edgewarm.cluster.requests import Container, ResourceList, requested
from edgewarm.cluster.selecting import WireExpression, WireSelector, selector
from edgewarm.model.amounts import CPU, Amounts
from edgewarm.model.constraints import Constraints, NodeTerm, PodTerm, Spread, Taint, Toleration
from edgewarm.model.selector import Requirement, Selector


class WireTaint(msgspec.Struct, gc=False):
    """Of a v1 Node."""

    key: str
    effect: str
    value: str = ""


class _Toleration(msgspec.Struct, gc=False):
    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class _Spread(msgspec.Struct, gc=False, rename="camel"):
    topology_key: str
    when_unsatisfiable: str
    max_skew: int = 1
    label_selector: WireSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None


class _PodTerm(msgspec.Struct, gc=False, rename="camel"):
    topology_key: str
    label_selector: WireSelector | None = None
    namespaces: list[str] | None = None
    namespace_selector: WireSelector | None = None


class _PodAffinity(msgspec.Struct, gc=False):
    required: list[_PodTerm] | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class _NodeTerm(msgspec.Struct, gc=False, rename="camel"):
    match_expressions: list[WireExpression] | None = None
    match_fields: list[WireExpression] | None = None


class _NodeTerms(msgspec.Struct, gc=False, rename="camel"):
    node_selector_terms: list[_NodeTerm]


class _NodeAffinity(msgspec.Struct, gc=False):
    required: _NodeTerms | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class _Affinity(msgspec.Struct, gc=False, rename="camel"):
    node_affinity: _NodeAffinity | None = None
    pod_affinity: _PodAffinity | None = None
    pod_anti_affinity: _PodAffinity | None = None


class _PodResources(msgspec.Struct, gc=False):
    requests: ResourceList | None = None


class PodSpec(msgspec.Struct, gc=False, rename="camel"):
    """What a pod takes and whom it keeps off; of ten thousand pods no more is decoded than that."""

    node_name: str = ""
    containers: list[Container] = msgspec.field(default_factory=list)
    init_containers: list[InitContainer] | None = None
    overhead: ResourceList | None = None
    resources: _PodResources | None = None
    affinity: _Affinity | None = None
    volumes: list[dict[str, msgspec.Raw]] | None = None
    service_account_name: str = ""
    priority: int | None = 0

    @property
    def identity(self) -> bytes:
        """What pods of one template have in common after admission, unless somebody treats them differently."""
        init = [msgspec.structs.replace(one, volume_mounts=None) for one in self.init_containers or ()]
        return msgspec.json.encode((self.containers, init, self.service_account_name))


@lru_cache(maxsize=4096)
def frame(identity: bytes) -> int:
    """The same but for how much cpu its containers have, which a resize in place changes. Many pods share one."""
    containers, *others = msgspec.json.decode(identity)
    for container in containers:
        for amounts_of in (container.get("resources") or {}).values():
            if amounts_of and CPU in amounts_of:
                amounts_of[CPU] = ""
    return hash(msgspec.json.encode((containers, *others), order="sorted"))


class TemplateSpec(PodSpec, gc=False, rename="camel"):
    """Of pods that are to be: also all that chooses their nodes."""

    node_selector: dict[str, str] | None = None
    tolerations: list[_Toleration] | None = None
    topology_spread_constraints: list[_Spread] | None = None


def constraints(spec: TemplateSpec, namespace: str, labels: Mapping[str, str]) -> Constraints:
    """Of the pods that a template with these labels makes in this namespace."""
    affinity = spec.affinity or _Affinity()
    return Constraints(
        namespace=namespace,
        labels=tuple(sorted(labels.items())),
        node_selector=Selector(tuple(sorted((spec.node_selector or {}).items()))),
        node_terms=_node_terms(affinity.node_affinity),
        tolerations=tuple(Toleration(t.key, t.operator, t.value, t.effect) for t in spec.tolerations or ()),
        spreads=tuple(
            _spread(entry)
            for entry in spec.topology_spread_constraints or ()
            if entry.when_unsatisfiable == "DoNotSchedule"
        ),
        apart=_pod_terms(affinity.pod_anti_affinity, namespace),
        together=_pod_terms(affinity.pod_affinity, namespace),
    )


def apart(spec: PodSpec, namespace: str) -> tuple[PodTerm, ...]:
    """The required anti-affinity of a pod."""
    return () if spec.affinity is None else _pod_terms(spec.affinity.pod_anti_affinity, namespace)


def taints(found: list[WireTaint] | None) -> tuple[Taint, ...]:
    """Of a node."""
    return tuple(Taint(taint.key, taint.value, taint.effect) for taint in found or ())


def _node_terms(affinity: _NodeAffinity | None) -> tuple[NodeTerm, ...]:
    if affinity is None or affinity.required is None:
        return ()
    return tuple(
        NodeTerm(_requirements(term.match_expressions), _requirements(term.match_fields))
        for term in affinity.required.node_selector_terms
    )


def _requirements(found: list[WireExpression] | None) -> tuple[Requirement, ...]:
    return tuple(Requirement(e.key, e.operator, tuple(e.values or ())) for e in found or ())


def _pod_terms(affinity: _PodAffinity | None, namespace: str) -> tuple[PodTerm, ...]:
    return tuple(_pod_term(term, namespace) for term in (affinity.required if affinity else None) or ())


def _pod_term(term: _PodTerm, namespace: str) -> PodTerm:
    named = tuple(term.namespaces or ()) or (namespace,)
    where = None if term.namespace_selector is not None else named
    return PodTerm(term.topology_key, _or_none(term.label_selector), where)


def _spread(entry: _Spread) -> Spread:
    return Spread(
        entry.topology_key,
        _or_none(entry.label_selector),
        entry.max_skew,
        entry.min_domains or 1,
        honors_affinity=entry.node_affinity_policy != "Ignore",
        honors_taints=entry.node_taints_policy == "Honor",
    )


NO_POD = Selector(requirements=(Requirement("", "Exists"),))


def _or_none(wire: WireSelector | None) -> Selector:
    """An absent selector matches no pod, an empty one every pod."""
    return NO_POD if wire is None else selector(wire)


def amounts(spec: PodSpec) -> Amounts:
    """All that a pod requests, by resource."""
    override = spec.resources.requests if spec.resources else None
    return requested(spec.containers, spec.init_containers or (), spec.overhead, override)
