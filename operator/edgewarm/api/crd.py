"""A Kind as a CustomResourceDefinition."""

from __future__ import annotations

from typing import Any

from edgewarm.api.kinds import Column, Kind
from edgewarm.api.schema import Schema, structural
from edgewarm.model.names import GROUP, VERSION


def crd(kind: Kind) -> dict[str, Any]:
    """The manifest of the kind's CRD."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": _names(kind),
            "versions": [_version(kind)],
        },
    }


def _names(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.name.lower(),
        "shortNames": [kind.short],
        "categories": ["edgewarm"],
    }


def _version(kind: Kind) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": _saying_defaults(object_schema(kind))},
    }


def _column(column: Column) -> dict[str, Any]:
    priority = {"priority": column.priority} if column.priority else {}
    wire = {"name": column.name, "type": column.kind, "jsonPath": column.path, "description": column.description}
    return wire | priority


def _saying_defaults(schema: Schema) -> Schema:
    """The schema with plain defaults named in the descriptions, because `kubectl explain` shows nothing else."""
    plain = "default" in schema and not isinstance(schema["default"], dict | list)
    said = {"description": f"{schema['description']} Default: {schema['default']}."} if plain else {}
    children = {name: _saying_defaults(child) for name, child in schema.get("properties", {}).items()}
    items = {"items": _saying_defaults(schema["items"])} if "items" in schema else {}
    return {**schema, **said, **({"properties": children} if children else {}), **items}


def object_schema(kind: Kind) -> Schema:
    """The structural schema of the whole object."""
    return {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"{kind.name}."},
            "metadata": {"type": "object"},
            "spec": structural(kind.spec.model_json_schema()),
            "status": structural(kind.status.model_json_schema()),
        },
    }
