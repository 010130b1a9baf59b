"""Label selectors on the wire: over nodes and over namespaces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from edgewarm.api.rule import Rule, Wire

LabelKey = Annotated[StrictStr, Field(min_length=1, max_length=317)]
LabelValue = Annotated[StrictStr, Field(max_length=63)]


class Requirement(Wire):
    """A condition on one label."""

    key: LabelKey
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label's value relates to values."""
    values: Annotated[
        tuple[LabelValue, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """Values for In and NotIn; none for Exists and DoesNotExist."""

    rules = (
        Rule(
            "matchExpressions with operator In or NotIn need values, those with Exists or DoesNotExist take none",
            cel="(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            holds=lambda entry: (entry.operator in ("In", "NotIn")) == bool(entry.values),
        ),
    )


class LabelSelector(Wire):
    """A label selector: every label and every expression must match."""

    match_labels: Annotated[dict[StrictStr, LabelValue], Field(default_factory=dict, max_length=32)]
    """Labels that must be there, with these values."""
    match_expressions: Annotated[
        tuple[Requirement, ...], Field(max_length=32, json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """Conditions on labels that must be met."""


def _not_empty(message: str) -> Rule:
    return Rule(
        message,
        cel="(has(self.matchLabels) && self.matchLabels.size() > 0)"
        " || (has(self.matchExpressions) && self.matchExpressions.size() > 0)",
        holds=lambda selector: bool(selector.match_labels or selector.match_expressions),
    )


class NodeSelector(LabelSelector):
    """A label selector over nodes: every label and every expression must match."""

    rules = (
        _not_empty("selector must not be empty, since that would take every node: set matchLabels or matchExpressions"),
    )


class NamespaceSelector(LabelSelector):
    """A label selector over namespaces: every label and every expression must match."""

    rules = (
        _not_empty(
            "allowedNamespaces must not be empty: set matchLabels or matchExpressions, or leave it out to allow all"
        ),
    )
