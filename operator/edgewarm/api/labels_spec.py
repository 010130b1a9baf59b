"""By which labels of its answer a demand is split, on the wire."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

from pydantic import Field, StrictStr

from edgewarm.api.rule import Rule, Wire
from edgewarm.model.identity import Split

LabelName = Annotated[StrictStr, Field(min_length=1, max_length=63, pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")]


def _labels_differ_in_cel() -> str:
    pairs = combinations([f"self.{by}" for by in Split], 2)
    return " && ".join(f"(!has({one}) || !has({other}) || {one} != {other})" for one, other in pairs)


class DemandLabels(Wire):
    """Labels of the answer by which demand is split. The answer may then have many series, each with all these labels,
    as those of sum by (node, type) (...). Demand is their sum; each value of each label is forecast too, and shown."""

    node: LabelName | None = None
    """Label that carries the node, such as node or instance."""
    request_type: LabelName | None = None
    """Label that carries the type of the request, such as type or route."""
    data_category: LabelName | None = None
    """Label that carries the category of the data that is asked for, such as category."""
    region: LabelName | None = None
    """Label that carries the region that asks."""

    def given(self) -> dict[Split, str]:
        """The labels that are set."""
        found = {
            Split.NODE: self.node,
            Split.REQUEST_TYPE: self.request_type,
            Split.DATA_CATEGORY: self.data_category,
            Split.REGION: self.region,
        }
        return {by: label for by, label in found.items() if label is not None}

    rules = (
        Rule(
            "demand.labels needs a label: set node, requestType, dataCategory or region, or remove labels",
            cel=" || ".join(f"has(self.{by})" for by in Split),
            holds=lambda labels: bool(labels.given()),
        ),
        Rule(
            "each of demand.labels must be another label of the answer",
            cel=_labels_differ_in_cel(),
            holds=lambda labels: len(set(labels.given().values())) == len(labels.given()),
        ),
    )
