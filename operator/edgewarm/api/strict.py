"""What the API server would refuse of a manifest that no API server has seen, as `kubectl apply` does by default.

The models pass unknown fields over, as an operator must that is older than its CRD. A file that a person gives is
another thing: a name that nobody knows is a typing error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import Any

from edgewarm.api.crd import object_schema
from edgewarm.api.kinds import Kind
from edgewarm.api.schema import Schema
from edgewarm.model.names import API_VERSION

META = (
    "name", "namespace", "labels", "annotations", "generateName", "uid", "resourceVersion", "generation",
    "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
    "managedFields", "selfLink",
)  # fmt: skip
"""The fields of ObjectMeta (Kubernetes 1.36), which a CRD's schema leaves to the server."""


def misnamed(manifest: Mapping[Any, Any], kind: Kind) -> str | None:
    """The first thing that is wrong with version, name or the names of fields, as a sentence; None where all is well.

    Values are for the models to judge.
    """
    version = manifest.get("apiVersion")
    if version != API_VERSION:
        return f"apiVersion must be {API_VERSION}" + (f", found {version!r}" if version else "")
    meta = manifest.get("metadata")
    if not isinstance(meta, Mapping) or not meta.get("name"):
        return "metadata.name is required"
    for field in ("name", "namespace"):
        if not isinstance(meta.get(field) or "", str):
            return f"metadata.{field} must be a string; quote it, found {meta[field]!r}"
    names: Schema = {"properties": {name: {} for name in META}}
    return next(chain(_unknown(meta, names, "metadata"), _unknown(manifest, object_schema(kind), "")), None)


def _unknown(found: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if isinstance(found, list):
        for index, entry in enumerate(found):
            yield from _unknown(entry, schema.get("items", {}), f"{path}[{index}]")
    known = schema.get("properties")
    if known is None or not isinstance(found, Mapping):
        return
    for name, value in found.items():
        at = f"{path}.{name}".removeprefix(".")
        if name in known:
            yield from _unknown(value, known[name], at)
        else:
            yield f"{at} is no known field: {_fix(str(name), known)}"


def _fix(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"remove it, or choose of {', '.join(known)}"
