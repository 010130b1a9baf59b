"""What a gap does to a forecast: it is wider by the steps that nobody saw, and soon it goes unrecorded.

    widening   sqrt(1 + age / b)    age: steps since the last known one, of a window that ends b steps ahead
    at most    the error a day ahead, or of whichever window's best expert errs most

From the last known step on the window is b + age steps away, and the error of a random walk grows with the square root
of the steps (Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 3rd ed., section 5.5). No series was
seen to stray further than its worst window, so a long gap is no reason to say more than that.
"""

from __future__ import annotations

import numpy as np

from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import BoolArray, FloatArray, IntArray

UNRECORDED_SECONDS = 300.0  # a source that answers each five minutes still teaches its short windows
UNRECORDED_SHARE = 0.25  # of the window: it errs by sqrt(1.25) then, an eighth more than it says


def widening(age: FloatArray, ends: IntArray, size: FloatArray, largest: FloatArray) -> FloatArray:
    """Factors (D, N) >= 1 of the scale of windows that end `ends` (D,) steps ahead, exactly 1 where `age` (N,) is 0.

    `size` (D, N) is the scale of these windows, `largest` (N,) that of the window with the largest.
    """
    most = np.maximum(largest / np.where(size > 0, size, 1.0), 1.0)
    factor: FloatArray = np.minimum(np.sqrt(1 + age / ends[:, None]), most)
    return factor


def recorded_steps(windows: Windows, step_seconds: float) -> FloatArray:
    """Until which age forecasts of each window (K,) are tested: later ones would teach the error of another window."""
    share = np.floor(windows.ends * UNRECORDED_SHARE)
    return np.asarray(np.maximum(np.ceil(UNRECORDED_SECONDS / step_seconds) - 1, share))


def untested(age: FloatArray, which: IntArray, recorded: FloatArray) -> BoolArray:
    """Which forecasts (D, N) of the windows `which` (D,) are made too long after the last known step."""
    return np.asarray(age > recorded[which, None])
