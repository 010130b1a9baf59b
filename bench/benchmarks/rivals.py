"""The naive rivals of `edgewarm.replay`, in the form that the tables compare: with trailing residual quantiles."""

from __future__ import annotations

import numpy as np

from benchmarks.scores import LEVELS
from benchmarks.traces import Trace
from edgewarm.model.demand import FloatArray
from edgewarm.replay.naive import Naive, Past

RIVALS = ("last value", "seasonal naive")


def past_of(trace: Trace) -> Past:
    """What the rivals look at."""
    return Past.of(trace.values, trace.day)


def quantiles(past: Past, origin: int, ahead: int) -> FloatArray:
    """Quantiles (M, Q) of each rival, of the value `ahead` steps after `origin`."""
    rules = (Naive(RIVALS[0]), Naive(RIVALS[1], past.day))
    return np.concatenate([rule.trailing(past, np.array([origin]), ahead, LEVELS) for rule in rules])
