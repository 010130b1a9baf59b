"""docs/api.md from the same schemas as the CRDs: every field with type, default, meaning and rules."""

from __future__ import annotations

import json
from collections.abc import Iterator

from edgewarm.api.crd import object_schema
from edgewarm.api.fields import INT_OR_STRING
from edgewarm.api.kinds import KINDS, Kind
from edgewarm.api.schema import Schema
from edgewarm.model.names import API_VERSION

_HEAD = f"""# The API: {API_VERSION}

This page is generated from the typed models in `operator/edgewarm/api` by `make generate`; do not edit it.
A field that is absent has its default. *Required* fields have none. Rules are checked by the API server itself.
"""


def reference() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *(_kind_section(kind) for kind in KINDS)])


def _kind_section(kind: Kind) -> str:
    schema = object_schema(kind)
    scope = "namespaced" if kind.namespaced else "cluster-scoped"
    lines = [f"## {kind.name}", "", kind.description, "", f"`kubectl get {kind.short}` ({scope}, `{kind.plural}`)", ""]
    for part in ("spec", "status"):
        root = schema["properties"][part]
        lines += [f"### {kind.name} {part}", "", root["description"], ""]
        lines += ["| Field | Type | Default | Meaning |", "|---|---|---|---|", *_rows(root, part), ""]
        lines += _rule_lines(root, part)
    return "\n".join(lines)


def _fields(schema: Schema, path: str) -> Iterator[tuple[str, Schema, bool]]:
    """Every field below `schema`, depth first: path, schema, required."""
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child, name in required
        yield from _fields(*_inside(child, f"{path}.{name}"))


def _inside(schema: Schema, path: str) -> tuple[Schema, str]:
    return (schema["items"], f"{path}[]") if "items" in schema else (schema, path)


def _rows(root: Schema, part: str) -> Iterator[str]:
    for path, schema, required in _fields(root, part):
        default = "*required*" if required else _default(schema)
        yield f"| `{path}` | {_type(schema)} | {default} | {_cell(schema['description'])} |"


def _default(schema: Schema) -> str:
    if "default" not in schema or "properties" in schema:
        return ""
    return f"`{_cell(json.dumps(schema['default']))}`"


def _type(schema: Schema) -> str:
    if schema.get(INT_OR_STRING):
        return "integer or string"
    if "enum" in schema:
        return " \\| ".join(schema["enum"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    bounds = " to ".join(str(schema[key]) for key in ("minimum", "maximum") if key in schema)
    return f"{schema['type']}, {bounds}" if "maximum" in schema else str(schema.get("format", schema["type"]))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _rule_lines(root: Schema, part: str) -> list[str]:
    nodes = [(part, root), *((path, schema) for path, schema, _ in _fields(root, part))]
    nodes += [(f"{path}[]", schema["items"]) for path, schema in nodes if "items" in schema]
    rules = [
        f"- `{path}`: {rule['message']}\n  - `{rule['rule']}`"
        for path, schema in nodes
        for rule in schema.get("x-kubernetes-validations", [])
    ]
    return ["Rules:", "", *rules, ""] if rules else []
