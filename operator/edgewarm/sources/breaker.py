"""One source's circuit breaker: a source that is down is left in peace and costs a pass nothing.

state      event                                  next state
---------  -------------------------------------  --------------------------------------------
closed     admit                                  closed                       -> YES
closed     failed, fewer than 3 in a row          closed
closed     failed, 3rd in a row                   open until now + 5 s
open       admit before its time                  open                         -> NO
open       admit at or after its time             half-open until now + 30 s   -> PROBE
half-open  admit before its time                  half-open                    -> NO
half-open  admit after its time (probe was lost)  half-open until now + 30 s   -> PROBE
half-open  failed                                 open until now + twice as long as last time, at most 30 s
any        succeeded                              closed, all counts forgotten
any        failed, but asked before the latest success   unchanged: that says something of the query, not of the source
open       failed (asked before it opened)        open, unchanged

Every time is lengthened by up to a quarter at random, so that replicas do not come back in step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from random import Random


class State(Enum):
    """See the table above."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Admission(Enum):
    """May a query be sent now?"""

    YES = "yes"
    PROBE = "probe"  # yes, this one alone
    NO = "no"


@dataclass(slots=True)
class Breaker:
    """The state machine above; times are seconds of any clock that never runs backwards."""

    random: Random
    threshold: int = 3
    first_seconds: float = 5.0
    longest_seconds: float = 30.0
    jitter: float = 0.25
    state: State = field(default=State.CLOSED, init=False)
    failures: int = field(default=0, init=False)
    until: float = field(default=0.0, init=False)
    _pause: float = field(default=0.0, init=False)
    _answered_at: float = field(default=float("-inf"), init=False)

    def admit(self, now: float) -> Admission:
        if self.state is State.CLOSED:
            return Admission.YES
        if now < self.until:
            return Admission.NO
        self.state = State.HALF_OPEN
        self.until = now + self.longest_seconds
        return Admission.PROBE

    def succeeded(self, now: float) -> None:
        self.state = State.CLOSED
        self.failures = 0
        self._pause = 0.0
        self._answered_at = max(self._answered_at, now)

    def failed(self, asked_at: float, now: float) -> None:
        """A query that was sent at `asked_at` found no source by `now`."""
        if self.state is State.OPEN or asked_at < self._answered_at:
            return
        self.failures += 1
        if self.state is State.HALF_OPEN or self.failures >= self.threshold:
            self._open(now)

    def _open(self, now: float) -> None:
        self._pause = min(self.longest_seconds, 2 * self._pause or self.first_seconds)
        self.state = State.OPEN
        self.until = now + self._pause * (1 + self.jitter * self.random.random())
