"""Calibration seen live: each lead window's quantile is remembered and compared with the largest demand it met."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgewarm.model.quantiles import Quantiles


@dataclass(frozen=True, slots=True)
class Promise:
    """What was said of demand between `start` and `end`, and the largest demand seen there so far (None: none yet)."""

    start: float
    end: float
    quantiles: Quantiles
    largest: float | None = None


@dataclass(frozen=True, slots=True)
class Promises:
    """Open promises in time order, and how many closed ones held at p90."""

    open: tuple[Promise, ...] = ()
    checked: int = 0
    held: int = 0

    def make(self, promise: Promise) -> Promises:
        return replace(self, open=(*self.open, promise))

    def see(self, now: float, demand: float | None) -> Promises:
        """Take one sample: it counts for every window that contains it; windows that ended are judged and closed."""
        seen = tuple(_saw(promise, now, demand) for promise in self.open)
        ended = [p for p in seen if p.end < now and p.largest is not None]
        return Promises(
            tuple(p for p in seen if p.end >= now),
            self.checked + len(ended),
            self.held + sum(p.largest <= p.quantiles.at(0.9) for p in ended if p.largest is not None),
        )

    def about(self, now: float) -> Quantiles | None:
        """What was said about this moment, the latest word if several windows contain it."""
        return next((p.quantiles for p in reversed(self.open) if p.start <= now <= p.end), None)

    @property
    def coverage(self) -> float | None:
        return None if self.checked == 0 else self.held / self.checked


def _saw(promise: Promise, now: float, demand: float | None) -> Promise:
    if demand is None or not promise.start <= now <= promise.end:
        return promise
    return replace(promise, largest=demand if promise.largest is None else max(promise.largest, demand))
