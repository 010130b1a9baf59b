"""Crane's effective HPA: the last period of a low-pass filtered history repeated, its maximum over a window, and HPA.

    period     a day, else a week, if its frequency stands out of 100 shuffles and the autocorrelation peaks there
    estimators FFT with 3 or 50 spectrum items below one per hour, x (1 + margin of 1, 10, 15 or 20 %); largest of the
               past periods, phase by phase
    choice     least error on the last period; an under-estimate x counts -ln(1 - x) / ln 1.25
    wanted     max(HPA of the load, HPA of the largest prediction within the window); models anew every 12 h

`pkg/prediction/dsp` and `pkg/metricprovider` of gocrane/crane. Without a period there is no prediction: then it is HPA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np

from edgewarm.model.demand import FloatArray
from edgewarm.replay.peers import hpa
from edgewarm.replay.peers.peer import UTILIZATIONS, Peer, Plans, planned
from edgewarm.replay.scene import Scene

DAY_SECONDS, WEEK_SECONDS = 86_400.0, 604_800.0
HISTORY_SECONDS = 15 * DAY_SECONDS
REFRESH_SECONDS = 12 * 3600.0
HIGHEST_HZ = 1 / 3600
WINDOWS_SECONDS = (600.0, 3600.0)
ITEMS, MARGINS = (3, 50), (0.01, 0.10, 0.15, 0.20)
SHUFFLES = 100
STEEPEST = 1 - 1e-9

Estimator = Callable[[FloatArray, int], FloatArray]
"""(history in rows, rows of a period) -> the next period."""


def period_rows(history: FloatArray, step_seconds: float) -> int | None:
    """Rows of the period that the history shows, None if it shows none; it must have two of them."""
    for seconds in (DAY_SECONDS, WEEK_SECONDS):
        rows = round(seconds / step_seconds)
        whole = len(history) // rows * rows
        if whole >= 2 * rows and _stands_out(history[-whole:], rows) and _peaks(history[-whole:], rows):
            return rows
    return None


def _stands_out(history: FloatArray, rows: int) -> bool:
    """The period's power is above the 99th of the largest powers of 100 shuffles."""
    centred = history - history.mean()
    power = np.abs(np.fft.rfft(centred)) ** 2
    shuffle = np.random.default_rng(1).permutation
    highest = sorted(float((np.abs(np.fft.rfft(shuffle(centred))[1:]) ** 2).max()) for _ in range(SHUFFLES))
    return bool(power[len(history) // rows] > highest[98])


def _peaks(history: FloatArray, rows: int) -> bool:
    """The autocorrelation rises towards the period and falls behind it: two regressions over half a period each."""
    centred = history - history.mean()
    spectrum = np.fft.rfft(centred, 2 * len(centred))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(centred)] / np.arange(len(centred), 0, -1)
    half = rows // 2
    before, after = correlation[rows - half : rows + 1], correlation[rows : rows + half]
    return bool(_slope(before) > 0 > _slope(after))


def _slope(values: FloatArray) -> float:
    x = np.arange(len(values)) - (len(values) - 1) / 2
    return float(x @ values)


def low_pass(history: FloatArray, rows: int, step_seconds: float, items: int, margin: float) -> FloatArray:
    """The last period of the history without fast and weak frequencies, raised by the margin."""
    history = history[-(len(history) // rows * rows) :]
    spectrum = np.fft.rfft(history)
    spectrum[np.fft.rfftfreq(len(history), step_seconds) > HIGHEST_HZ] = 0.0
    weak = np.argsort(-np.abs(spectrum[1:]), kind="stable")[items:] + 1
    spectrum[weak] = 0.0
    smooth = np.fft.irfft(spectrum, len(history))[-rows:]
    result: FloatArray = np.maximum(smooth, 0.0) * (1 + margin)
    return result


def highest(history: FloatArray, rows: int) -> FloatArray:
    """The largest value of every phase."""
    whole = history[-(len(history) // rows * rows) :]
    result: FloatArray = whole.reshape(-1, rows).max(axis=0)
    return result


def error(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean relative error, an under-estimate amplified; zeros of the actual values are passed over."""
    known = actual > 0
    if not known.any():
        return 0.0
    relative = (predicted[known] - actual[known]) / actual[known]
    under = -np.log(1 - np.minimum(-relative, STEEPEST)) / np.log(1.25)
    return float(np.where(relative < 0, under, relative).mean())


def next_period(history: FloatArray, step_seconds: float) -> FloatArray | None:
    """What the best estimator expects of the rows after the history; None where it shows no period."""
    rows = period_rows(history, step_seconds)
    if rows is None:
        return None
    estimators: list[Estimator] = [
        partial(low_pass, step_seconds=step_seconds, items=items, margin=margin)
        for items, margin in product(ITEMS, MARGINS)
    ]
    estimators.append(highest)
    before, last = history[:-rows], history[-rows:]
    best = min(estimators, key=lambda estimate: error(estimate(before, rows), last))
    return best(history, rows)


def predictions(scene: Scene) -> Iterator[tuple[int, int, FloatArray | None]]:
    """(first row, end, next period or None) of every model that the test span meets."""
    refresh, most = scene.steps(REFRESH_SECONDS), scene.steps(HISTORY_SECONDS)
    for first in range(scene.begin % refresh, scene.rows, refresh):
        if first + refresh <= scene.begin:
            continue
        history = scene.load[max(0, first + 1 - most) : first + 1]
        yield first, min(first + refresh, scene.rows), next_period(history, scene.step_seconds)


def expected(scene: Scene) -> dict[float, FloatArray]:
    """By window: the largest predicted load (T,) between now and its end; 0 where there is no prediction."""
    found = {seconds: np.zeros(scene.rows) for seconds in WINDOWS_SECONDS}
    for first, end, period in predictions(scene):
        if period is None:
            continue
        for seconds, values in found.items():
            window = scene.steps(seconds)
            path = np.resize(period, end - first + window)  # path[k] is the load k rows after the model was made
            values[first:end] = np.lib.stride_tricks.sliding_window_view(path, window + 1)[: end - first].max(axis=1)
    return found


def plans(scene: Scene) -> Plans:
    """Targets, prediction windows of ten minutes and of the default, an hour."""
    columns, labels, targets = [], [], np.array(UTILIZATIONS)
    for seconds, values in expected(scene).items():
        columns += list(hpa.wanted(scene, np.maximum(scene.load, values), targets).T)
        labels += [f"target {target:.0%}, window {seconds / 60:.0f} min" for target in UTILIZATIONS]
    return planned(scene, tuple(labels), columns)


NOTE = "a port of its estimators; outliers are not clipped"
PEER = Peer("crane", "Crane EHPA (DSP)", "gocrane/crane pkg/prediction/dsp", plans, "target 80%, window 60 min", NOTE)
