"""What goes wrong on purpose: faults that match requests for a number of times or until a moment."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Fault:
    """Matching requests are delayed by `latency` seconds, then answered with `status` (0: with a closed connection).

    `status` None only delays. Empty `verbs` or `plurals` match all. The first `skip` that match are let through.
    `heard`: the request is carried out, and its answer is lost.
    """

    status: int | None
    times: float = 1
    until: float = math.inf
    verbs: frozenset[str] = frozenset()
    plurals: frozenset[str] = frozenset()
    message: str = "injected by the test"
    retry_after: int | None = None
    latency: float = 0.0
    skip: int = 0
    heard: bool = False

    def matches(self, verb: str, plural: str, now: float) -> bool:
        return (
            self.times > 0
            and now < self.until
            and (not self.verbs or verb in self.verbs)
            and (not self.plurals or plural in self.plurals)
        )


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def take(self, verb: str, plural: str, now: float) -> Fault | None:
        """The first fault that matches, used up by one."""
        self._faults = [fault for fault in self._faults if fault.times > 0 and now < fault.until]
        for fault in self._faults:
            if fault.matches(verb, plural, now):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None
