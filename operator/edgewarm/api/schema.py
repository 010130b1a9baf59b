"""pydantic's JSON schema to the structural schema that Kubernetes asks of a CRD.

$ref                     -> inlined; a field's own description wins over that of its type
anyOf [X, null]          -> X: an optional field is absent, never null
default of an object     -> {}: the API server then fills in the defaults inside; spelled out where the object has
                            rules, since the server tries them on the default before it fills in anything
default null, [] and {}  -> left out where absence means the same
const                    -> enum with one entry
x-kubernetes-int-or-string  -> no type, and no anyOf either: a float is then refused in one line instead of five
title, additionalProperties: false  -> left out
line breaks in a description -> blanks, as `kubectl explain` wraps by itself
any other union or keyword  -> SchemaError, so that nothing is lost silently

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.api.fields import INT_OR_STRING

Schema = dict[str, Any]

_ORDER = (
    "description", "type", "format", "default", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "minProperties", "maxProperties", INT_OR_STRING, "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys", "required", "properties", "additionalProperties", "items", "x-kubernetes-validations",
)  # fmt: skip
_DROPPED = frozenset({"title", "$defs"})


class SchemaError(ValueError):
    """A model uses something that a structural schema cannot say."""


def structural(schema: Mapping[str, Any]) -> Schema:
    """The structural schema of a model's JSON schema."""
    return _converted(schema, schema.get("$defs", {}), "$")


def _converted(schema: Mapping[str, Any], defs: Mapping[str, Schema], path: str) -> Schema:
    flat = _without_null(_inlined(schema, defs), defs, path)
    result = {key: value for key, value in flat.items() if key not in _DROPPED}
    if "description" in result:
        result["description"] = " ".join(result["description"].split())
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if result.get(INT_OR_STRING):
        result.pop("type")
    _convert_children(result, defs, path)
    _settle_default(result)
    unknown = sorted(set(result) - set(_ORDER))
    if unknown:
        raise SchemaError(f"{path}: a structural schema has no {', '.join(unknown)}")
    return {key: result[key] for key in _ORDER if key in result}


def _inlined(schema: Mapping[str, Any], defs: Mapping[str, Schema]) -> Schema:
    if "$ref" not in schema:
        return dict(schema)
    referred = _inlined(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    own = {key: value for key, value in schema.items() if key != "$ref"}
    rules = [*referred.get("x-kubernetes-validations", []), *own.get("x-kubernetes-validations", [])]
    return {**referred, **own, **({"x-kubernetes-validations": rules} if rules else {})}


def _without_null(schema: Schema, defs: Mapping[str, Schema], path: str) -> Schema:
    """X for the union of X and null; any other union is refused."""
    if "anyOf" not in schema and "oneOf" not in schema:
        return schema
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) != 1 or "oneOf" in schema:
        raise SchemaError(f"{path}: a structural schema has no unions but int-or-string")
    own = {key: value for key, value in schema.items() if key != "anyOf"}
    return _without_null({**_inlined(choices[0], defs), **own}, defs, path)


def _convert_children(schema: Schema, defs: Mapping[str, Schema], path: str) -> None:
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    for key, step in (("items", "[]"), ("additionalProperties", ".*")):
        if key in schema:
            schema[key] = _converted(schema[key], defs, path + step)
    if "properties" in schema:
        found = schema["properties"].items()
        schema["properties"] = {name: _converted(child, defs, f"{path}.{name}") for name, child in found}


def _settle_default(schema: Schema) -> None:
    if "default" not in schema:
        return
    empty = schema["default"] in ([], {}) and "properties" not in schema
    if schema["default"] is None or empty:
        del schema["default"]
    elif "properties" in schema:
        inside = {name: child["default"] for name, child in schema["properties"].items() if "default" in child}
        schema["default"] = inside if "x-kubernetes-validations" in schema else {}
