"""How much cpu the containers of a pod have, by name, and how far a change of it in place has got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cpu:
    """Cores that a container requests, and that it has at most; None where it says nothing of it."""

    request: float | None = None
    limit: float | None = None


Cpus = Mapping[str, Cpu]
"""By name of the container."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What is asked for a running pod, and what its kubelet says that it has.

    `given` is None where the kubelet says nothing of it: it cannot resize in place. `trouble` is why it does not do
    what is asked (Deferred, Infeasible, Error) with its own words; empty while there is none.
    """

    asked: Cpus
    given: Cpus | None = None
    trouble: str = ""

    @property
    def is_settled(self) -> bool:
        """The containers have what is asked."""
        return not self.trouble and (self.given is None or self.given == self.asked)


def has(asked: Cpus, wanted: Cpus) -> bool:
    """Every value that `wanted` names is that of `asked`; what it leaves out may be anything."""
    return all(_agrees(asked.get(name, Cpu()), cpu) for name, cpu in wanted.items())


def is_below(asked: Cpus, wanted: Cpus) -> bool:
    """No value is above `wanted`, and one at least is below it."""
    pairs = [pair for name, cpu in wanted.items() for pair in _named(asked.get(name, Cpu()), cpu)]
    return all(found <= most for found, most in pairs) and any(found < most for found, most in pairs)


def _agrees(found: Cpu, wanted: Cpu) -> bool:
    return wanted.request in {None, found.request} and wanted.limit in {None, found.limit}


def _named(found: Cpu, wanted: Cpu) -> list[tuple[float, float]]:
    """(found, wanted) of what `wanted` names; what is not there at all counts as endless."""
    pairs = ((found.request, wanted.request), (found.limit, wanted.limit))
    return [(float("inf") if one is None else one, most) for one, most in pairs if most is not None]
