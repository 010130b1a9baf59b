"""What a part of the engine has to say of a policy beside its standing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """A condition of the policy: its type, whether it holds, the reason and the sentence."""

    kind: str
    status: bool
    reason: str
    message: str
