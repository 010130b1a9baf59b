"""What a pod template asks of the node that its pods run on; required terms only, since preferences refuse nothing.

https://kubernetes.io/docs/concepts/scheduling-eviction/
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgewarm.model.selector import Requirement, Selector


@dataclass(frozen=True, slots=True)
class Taint:
    """A node's taint."""

    key: str
    value: str
    effect: str

    @property
    def refuses(self) -> bool:
        """PreferNoSchedule is a wish."""
        return self.effect in {"NoSchedule", "NoExecute"}

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Toleration:
    """A pod's toleration; an empty key with Exists tolerates all, an empty effect every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        if self.effect and self.effect != taint.effect:
            return False
        if not self.key:
            return self.operator == "Exists"
        return self.key == taint.key and (self.operator == "Exists" or self.value == taint.value)


@dataclass(frozen=True, slots=True)
class NodeTerm:
    """One term of a required node affinity: requirements on labels and on the node's name, all of which must hold."""

    labels: tuple[Requirement, ...] = ()
    names: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class PodTerm:
    """Pods that a required pod affinity or anti-affinity is about; `namespaces` None means all of them."""

    topology: str
    selector: Selector
    namespaces: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A topology spread constraint that refuses (whenUnsatisfiable: DoNotSchedule).

    `honors_affinity` and `honors_taints` say which nodes count: those that the pod may run on by affinity, by taints.
    """

    topology: str
    selector: Selector
    max_skew: int = 1
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False


@dataclass(frozen=True, slots=True)
class Constraints:
    """All of it for one workload; `labels` are those of its pods. The plain constraints goes anywhere."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    node_selector: Selector = field(default=Selector())
    node_terms: tuple[NodeTerm, ...] = ()
    """Alternatives: one must hold, unless there are none."""
    tolerations: tuple[Toleration, ...] = ()
    spreads: tuple[Spread, ...] = ()
    apart: tuple[PodTerm, ...] = ()
    together: tuple[PodTerm, ...] = ()
