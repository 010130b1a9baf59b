"""Containers and pod specs as a template has them, by what they say of cpu."""

from __future__ import annotations

from typing import Any


def container(name: str, request: str = "", limit: str = "", memory: str = "", **more: Any) -> dict[str, Any]:
    """Memory is requested and limited alike."""
    of = {"requests": request, "limits": limit}
    resources = {kind: {"cpu": cpu} for kind, cpu in of.items() if cpu}
    for kind in ("requests", "limits") if memory else ():
        resources[kind] = {**resources.get(kind, {}), "memory": memory}
    return {"name": name, "resources": resources, **more}


def spec(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"containers": list(containers), **more}
