"""From losses by origin to ratios: ours by that of the single method that is best in the mean, with an interval.

    L(t, h, m)  = least over m's forms of the mean loss over origins       t: trace, h: horizon, m: method
    rival       = argmin over m of the geometric mean of L over t and h
    ratio       = geometric mean over t and h of L(t, h, ours) / L(t, h, rival)

The interval draws whole days of every trace with replacement; forms and rival are chosen anew in each draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgewarm.model.demand import FloatArray

OURS = "edgewarm"
HORIZONS = {"5 min": 1, "15 min": 3, "60 min": 12, "24 h": 288}  # in steps of five minutes
LONG = "24 h"
SHORT = "5 min to 1 h"
GROUPS = {SHORT: tuple(name for name in HORIZONS if name != LONG), LONG: (LONG,)}
DRAWS = 1000
TINY = 1e-12

Json = Mapping[str, Any]


def summary(traces: Sequence[Json], seed: int = 7) -> dict[str, Any]:
    """Of each group of horizons, and of each horizon alone; only methods that every trace has compete."""
    found = {}
    for name, horizons in {**GROUPS, **{name: (name,) for name in HORIZONS}}.items():
        cells = [trace["horizons"][h] for trace in traces for h in horizons if h in trace["horizons"]]
        cells = [cell for cell in cells if cell["days"]]
        if cells:
            count = sum(any(h in trace["horizons"] for h in horizons) for trace in traces)
            found[name] = {"traces": count, **_of(cells, np.random.default_rng(seed))}
    return found


def _of(cells: Sequence[Json], random: np.random.Generator) -> dict[str, Any]:
    methods = [name for name in cells[0]["loss"] if all(name in cell["loss"] for cell in cells)]
    rivals = [name for name in methods if name != OURS]
    logs = np.array([[np.log(least(cell["loss"][name]) + TINY) for name in methods] for cell in cells])
    drawn = np.mean([np.log(_drawn(cell, methods, random) + TINY) for cell in cells], axis=0)  # (M, DRAWS)
    mine = methods.index(OURS)
    mean = logs.mean(axis=0)
    theirs = [methods.index(name) for name in rivals]
    ratios = np.exp(drawn[mine] - drawn[theirs].min(axis=0))
    low, high = np.quantile(ratios, [0.025, 0.975])
    best = min(theirs, key=lambda index: float(mean[index]))
    return {
        "rival": methods[best],
        "ratio": float(np.exp(mean[mine] - mean[best])),
        "low": float(low),
        "high": float(high),
        "ratios": {methods[index]: float(np.exp(mean[mine] - mean[index])) for index in theirs},
        "pinball": {name: float(np.exp(logs).mean(axis=0)[index]) for index, name in enumerate(methods)},
        "covered": {name: float(np.mean([cell["covered"][name] for cell in cells])) for name in methods},
        "origins": sum(len(cell["days"]) for cell in cells),
    }


def least(forms: Mapping[str, Sequence[float]]) -> float:
    """The mean loss of a method's better form."""
    return min(float(np.mean(loss)) for loss in forms.values())


def _drawn(cell: Json, methods: Sequence[str], random: np.random.Generator) -> FloatArray:
    """Losses (M, DRAWS) with whole days drawn with replacement."""
    days, index = np.unique(cell["days"], return_inverse=True)
    picks = random.multinomial(len(days), np.full(len(days), 1 / len(days)), size=DRAWS).T.astype(np.float64)
    counts = np.bincount(index, minlength=len(days)) @ picks
    found = []
    for name in methods:
        forms = cell["loss"][name].values()
        sums = [np.bincount(index, weights=np.asarray(loss), minlength=len(days)) @ picks / counts for loss in forms]
        found.append(np.min(sums, axis=0))
    return np.array(found)
