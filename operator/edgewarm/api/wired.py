"""What all our objects have in common on the wire: metadata, spec, status, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.model.conditions import Condition
from edgewarm.model.identity import Key
from edgewarm.model.units import parse_time

Wired = Mapping[str, Any]


def parse_conditions(status: Wired) -> tuple[Condition, ...]:
    """The conditions of a status; entries that are not conditions are passed over."""
    found = status.get("conditions")
    return tuple(
        Condition(
            kind=entry["type"],
            status=entry["status"],
            reason=entry.get("reason", ""),
            message=entry.get("message", ""),
            since=parse_time(entry["lastTransitionTime"]),
            generation=entry.get("observedGeneration", 0),
        )
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, Mapping) and _is_condition(entry)
    )


def _is_condition(entry: Wired) -> bool:
    try:
        parse_time(str(entry.get("lastTransitionTime")))
    except ValueError:
        return False
    return isinstance(entry.get("type"), str) and isinstance(entry.get("status"), str)


def spec_of(found: Any) -> Any:
    """An absent spec lacks its required fields, which is what its author should read."""
    return {} if found is None else found


def status_of(obj: Wired) -> Wired:
    """The status, empty where there is none."""
    found = obj.get("status")
    return found if isinstance(found, Mapping) else {}


def key_of(meta: Wired) -> Key:
    """Namespace and name."""
    return Key(meta.get("namespace", ""), meta.get("name", ""))


def created_at_of(meta: Wired) -> float:
    """Objects that were never stored (a dry run, a recording) have no creation time: the epoch, older than any."""
    stamp = meta.get("creationTimestamp")
    return 0.0 if stamp is None else parse_time(stamp)
