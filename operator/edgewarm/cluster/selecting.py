"""Label selectors from the wire."""

from __future__ import annotations

import msgspec

from edgewarm.model.selector import Requirement, Selector


class WireExpression(msgspec.Struct, gc=False):
    """One requirement."""

    key: str
    operator: str
    values: list[str] | None = None


class WireSelector(msgspec.Struct, gc=False, rename="camel"):
    """A metav1.LabelSelector."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[WireExpression] | None = None


def selector(wire: WireSelector | None) -> Selector:
    """A label selector; labels are sorted, so that equal selectors are equal values."""
    if wire is None:
        return Selector()
    return Selector(
        labels=tuple(sorted((wire.match_labels or {}).items())),
        requirements=tuple(Requirement(e.key, e.operator, tuple(e.values or ())) for e in wire.match_expressions or ()),
    )
