"""What a real API server would refuse, or silently drop, by the structural schemas of the committed CRDs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support.fake_api import FakeApi

Json = dict[str, Any]
KINDS = ("WarmingPolicy", "EdgeNodePool", "ScalingDecision")
CRDS = Path(__file__).parents[3] / "crds"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


class CrdCheck:
    """Refuses with 422 what does not fit, and remembers it."""

    def __init__(self, api: FakeApi) -> None:
        self.violations: list[str] = []
        for kind in KINDS:
            api.validate(kind, self._problem)

    def _problem(self, obj: Json) -> str | None:
        properties = crd(obj["kind"])["properties"]
        parts = [part for part in ("spec", "status") if part in obj]
        found = [problem for part in parts for problem in misfits(obj[part], properties[part], part)]
        self.violations += found
        return "; ".join(found) or None


@cache
def crd(kind: str) -> Json:
    """The structural schema of one of our kinds, as committed."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml"))]
    (found,) = [document["spec"] for document in documents if document["spec"]["names"]["kind"] == kind]
    schema: Json = found["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def misfits(value: Any, schema: Mapping[str, Any], path: str) -> list[str]:
    """Where `value` breaks the schema; an unknown field, which a real server prunes, counts too."""
    if schema.get("x-kubernetes-int-or-string"):
        return [] if isinstance(value, int | str) else [f"{path}: is neither integer nor string"]
    kind = _TYPES[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return [f"{path}: {value!r} is no {schema['type']}"]
    if isinstance(value, dict):
        return _object_misfits(value, schema, path)
    if isinstance(value, list):
        inner = [p for i, item in enumerate(value) for p in misfits(item, schema["items"], f"{path}[{i}]")]
        return inner + _size_misfits(len(value), schema, path, "Items")
    if isinstance(value, str):
        return _text_misfits(value, schema, path)
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    return [] if low <= value <= high else [f"{path}: {value} is not within {low}..{high}"]


def _object_misfits(value: Json, schema: Mapping[str, Any], path: str) -> list[str]:
    known = schema.get("properties", {})
    if "additionalProperties" in schema:
        known = dict.fromkeys(value, schema["additionalProperties"])
    lacking = [f"{path}.{name}: is required" for name in schema.get("required", ()) if name not in value]
    unknown = [f"{path}.{name}: is unknown" for name in value if name not in known]
    inner = [p for name, item in value.items() if name in known for p in misfits(item, known[name], f"{path}.{name}")]
    return lacking + unknown + inner


def _text_misfits(value: str, schema: Mapping[str, Any], path: str) -> list[str]:
    found = _size_misfits(len(value), schema, path, "Length")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{path}: {value!r} does not match {schema['pattern']}")
    return found


def _size_misfits(size: int, schema: Mapping[str, Any], path: str, of: str) -> list[str]:
    low, high = schema.get(f"min{of}", 0), schema.get(f"max{of}", size)
    return [] if low <= size <= high else [f"{path}: size {size} is not within {low}..{high}"]
