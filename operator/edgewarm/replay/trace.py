"""A recorded series on the model's clock: what a backtest and a replay run over."""

from __future__ import annotations

from dataclasses import dataclass

from edgewarm.model.demand import FloatArray


@dataclass(frozen=True)
class Trace:
    """Demand at steps `first`, `first` + 1, ... of `step_seconds` of Unix time each; NaN where nothing is known.

    A step is labelled by its last sample: `values[i]` is the demand at time (`first` + i) x `step_seconds`. `notes` are
    sentences about what had to be mended in reading it (sorted, duplicates, gaps, resets).
    """

    name: str
    step_seconds: float
    first: int
    values: FloatArray
    notes: tuple[str, ...] = ()

    def time(self, index: int) -> float:
        """Unix seconds of `values[index]`."""
        return (self.first + index) * self.step_seconds
