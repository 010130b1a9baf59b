"""The last days of one series, step by step, and their means: what a model that must be fitted is given."""

from __future__ import annotations

import numpy as np

from edgewarm.model.demand import FloatArray


class Recent:
    """The last `length` steps; unknown ones are NaN."""

    def __init__(self, length: int) -> None:
        self._values = np.full(length, np.nan)
        self._step: int | None = None

    @property
    def step(self) -> int | None:
        """The last step that was put, None before the first."""
        return self._step

    def put(self, step: int, value: float) -> None:
        """A step later than the last one; those between are unknown."""
        passed = 1 if self._step is None else step - self._step
        if passed < 1:
            raise ValueError(f"steps must rise, got {step} after {self._step}")
        kept = self._values[passed:] if passed < len(self._values) else self._values[:0]
        self._values = np.concatenate([kept, np.full(len(self._values) - len(kept), np.nan)])
        self._values[-1], self._step = value, step

    def fill(self, last: int, values: FloatArray) -> None:
        """What is known of earlier steps, the last of `values` being of step `last`; what was put stays."""
        if self._step is None:
            self._step = last
        end = len(self._values) - (self._step - last)
        found = values[max(0, len(values) - max(end, 0)) :]
        if end < 1 or last > self._step:
            return
        old = self._values[end - len(found) : end]
        self._values[end - len(found) : end] = np.where(np.isfinite(old), old, found)

    def means(self, width: int) -> FloatArray:
        """Means of `width` steps each, the last one ending with the last step, from the first that knows anything on;
        NaN where nothing is known."""
        whole = self._values[len(self._values) % width :].reshape(-1, width)
        known = np.isfinite(whole)
        count = known.sum(axis=1)
        found = np.where(count > 0, np.where(known, whole, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
        return np.asarray(found[int(np.argmax(count > 0)) :] if count.any() else found[:0])
