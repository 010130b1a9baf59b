"""What a rung wants done in the cluster: objects to create, delete or patch, each with the reason why.

An operation belongs to a policy (`owner`, its uid). While the cache does not show what was written for an owner, that
owner's rungs are not planned again: a plan on a stale view would do the same thing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgewarm.model.identity import Key

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CreateObject:
    """Make `manifest`, whose metadata.name or generateName and ownerReferences are set."""

    owner: str
    kind: str
    namespace: str
    manifest: Manifest
    why: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What an operation ends, counted once it is done: so many bytes of data of a policy, which were `read` or not."""

    policy: Key
    read: bool
    size: float


@dataclass(frozen=True, slots=True)
class DeleteObject:
    """Delete exactly the object that was seen: another uid or version is a Conflict."""

    owner: str
    kind: str
    key: Key
    uid: str
    resource_version: str
    why: str
    grace_seconds: int | None = None
    ends: Tally | None = None


@dataclass(frozen=True, slots=True)
class PatchObject:
    """Merge-patch exactly the object that was seen (RFC 7386).

    To a `subresource` ("resize") it is a strategic merge patch: its containers are merged by name.
    """

    owner: str
    kind: str
    key: Key
    uid: str
    resource_version: str
    body: Manifest
    why: str
    subresource: str = ""


Operation = CreateObject | DeleteObject | PatchObject
