"""Label and field selectors, the part of their grammar that clients here use."""

from __future__ import annotations

import re
from typing import Any

from support.fake_api.merging import Json

_SET = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)")


def selected(obj: Json, labels: str, fields: str) -> bool:
    """Whether both selectors match; empty ones match everything."""
    carried = obj["metadata"].get("labels") or {}
    by_label = all(_label_matches(term, carried) for term in _terms(labels))
    return by_label and all(_field_matches(term, obj) for term in _terms(fields))


def _terms(selector: str) -> list[str]:
    """Split at the commas outside parentheses."""
    return [term.strip() for term in re.split(r",(?![^(]*\))", selector) if term.strip()]


def _label_matches(term: str, labels: dict[str, str]) -> bool:
    if found := _SET.fullmatch(term):
        values = {value.strip() for value in found["values"].split(",")}
        return (labels.get(found["key"]) in values) == (found["operator"] == "in")
    if "!=" in term:
        key, value = term.split("!=", 1)
        return labels.get(key) != value
    if "=" in term:
        key, value = re.split("==?", term, maxsplit=1)
        return labels.get(key) == value
    return (term.lstrip("!") in labels) != term.startswith("!")


def _field_matches(term: str, obj: Json) -> bool:
    path, operator, value = (part or "" for part in re.fullmatch(r"(.+?)(!=|==|=)(.*)", term).groups())  # type: ignore[union-attr]
    found: Any = obj
    for step in path.split("."):
        found = found.get(step, "") if isinstance(found, dict) else ""
    return (str(found) == value) == (operator != "!=")
