"""How fast we may call: a token bucket for writes, a jittered exponential back-off after failures."""

from __future__ import annotations

from random import Random


class TokenBucket:
    """At most `burst` at once and `rate` per second after that; times are seconds of any one clock."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def reserve(self, now: float) -> float:
        """Take a token, if need be from the future: the seconds to wait before using it."""
        self._refill(now)
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)

    def _refill(self, now: float) -> None:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._at = now


class Backoff:
    """Delays base, 2 base, 4 base, ... up to `cap` seconds, each times a random share in [0.5, 1).

    The jitter keeps nine informers, and many operators, from knocking together when the API server comes back.
    """

    def __init__(self, random: Random, base: float = 1.0, cap: float = 30.0) -> None:
        self._random = random
        self._base = base
        self._cap = cap
        self.failures = 0

    def next(self) -> float:
        """Count one more failure: the seconds to wait now."""
        doublings = min(self.failures, 30)  # 2**30 is past any cap, and stays a small float
        self.failures += 1
        return min(self._cap, self._base * 2.0**doublings) * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self.failures = 0
