"""Is the loop alive, are the caches full?

beat ever   now - last beat       started     healthy
----------  --------------------  ----------  -------
yes         <= limit              any         yes
yes         >  limit              any         no
no          -                     <= grace    yes (it is still reading the cluster and its history)
no          -                     >  grace    no

ready: yes once `synced` was called, until `unsynced` is.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no, and the sentence that the probe's reader sees."""

    ok: bool
    sentence: str


@dataclass(slots=True)
class Health:
    """The table above; all times are seconds of one clock."""

    started_at: float
    limit_seconds: float = 60.0
    grace_seconds: float = 300.0
    _beat_at: float | None = field(default=None, init=False)
    _synced: bool = field(default=False, init=False)

    def beat(self, now: float) -> None:
        """The loop ended a pass."""
        self._beat_at = now

    def synced(self) -> None:
        """The informers know the cluster."""
        self._synced = True

    def unsynced(self) -> None:
        self._synced = False

    def alive(self, now: float) -> Verdict:
        if self._beat_at is None:
            seconds = now - self.started_at
            if seconds <= self.grace_seconds:
                return Verdict(True, "starting: no pass yet")
            return Verdict(False, f"no pass since the start {seconds:.0f} s ago, limit {self.grace_seconds:.0f} s")
        seconds = now - self._beat_at
        if seconds <= self.limit_seconds:
            return Verdict(True, "ok")
        return Verdict(False, f"the loop stalls: last pass {seconds:.0f} s ago, limit {self.limit_seconds:.0f} s")

    def ready(self) -> Verdict:
        return Verdict(True, "ok") if self._synced else Verdict(False, "the cluster is still being read")
