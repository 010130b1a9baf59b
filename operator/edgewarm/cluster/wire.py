"""What every object on the wire has: who it is, who owns it, when; shared by the decoders of the kinds."""

from __future__ import annotations

from datetime import datetime

import msgspec

from edgewarm.model.identity import Key
from edgewarm.model.workload import Owner


class _Owner(msgspec.Struct, gc=False):
    kind: str
    name: str
    uid: str
    controller: bool | None = False


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """The part of metadata that we read of every object."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: list[_Owner] | None = None
    annotations: dict[str, str] | None = None

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)

    @property
    def controller(self) -> Owner | None:
        found = next((owner for owner in self.owner_references or () if owner.controller), None)
        return None if found is None else Owner(found.kind, found.name, found.uid)


def seconds(at: datetime | None) -> float:
    """Unix seconds; 0 where there is no time."""
    return 0.0 if at is None else at.timestamp()
