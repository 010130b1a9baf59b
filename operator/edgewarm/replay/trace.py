"""A recorded series on the model's clock: what a backtest and a replay run over."""

from __future__ import annotations

from dataclasses import dataclass

from edgewarm.model.demand import FloatArray


@dataclass(frozen=True)
class Trace:
    """Demand at steps `first`, `first` + 1, ... of `step_seconds` of Unix time each; NaN where nothing is known.

    A step is labelled by its last sample: `values[i]` is the demand at time (`first` + i) x `step_seconds` +
    `offset_seconds`, where 0 <= `offset_seconds` < `step_seconds`: samples that come regularly but not on the round
    minute keep their own times. `notes` are sentences about what had to be mended in reading it (sorted, duplicates,
    gaps, resets).
    """

    name: str
    step_seconds: float
    first: int
    values: FloatArray
    notes: tuple[str, ...] = ()
    offset_seconds: float = 0.0

    def time(self, index: int) -> float:
        """Unix seconds of `values[index]`."""
        return (self.first + index) * self.step_seconds + self.offset_seconds
