"""How long units were held warm, by rung: what warmth costs while nobody uses it, in unit-minutes.

    minutes = sum over passes of  units warm at the pass before x (this pass - the pass before) / 60

A standby that is warm serves nobody, so its minutes are idle pod-minutes. What happened while the operator was away is
not known, and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IdleTime:
    """`minutes` by rung since the operator began; `warm` are the units of the pass at `at`."""

    minutes: Mapping[str, float] = field(default_factory=dict)
    warm: Mapping[str, int] = field(default_factory=dict)
    at: float | None = None

    def seen(self, warm: Mapping[str, int], now: float) -> IdleTime:
        """The units of this pass.

        >>> IdleTime().seen({"Standby": 2}, 0.0).seen({"Standby": 3}, 30.0).seen({}, 90.0).minutes
        {'Standby': 4.0}
        """
        passed = 0.0 if self.at is None else max(0.0, now - self.at) / 60
        held = {rung: self.minutes.get(rung, 0.0) + count * passed for rung, count in self.warm.items()}
        return IdleTime({**self.minutes, **held}, dict(warm), now)
