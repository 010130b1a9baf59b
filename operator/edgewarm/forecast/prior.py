"""What a new row believes before anything of its own was verified: what the settled rows of its fleet have learned.

    within an hour    residual quantiles: their median, in units of each row's own scale
    later             weights of the experts: their mean

Copied once, when the row joins, window by window. From then on it learns alone: no row ever looks at another again.
Nothing else is taken over, because it did not help from one source of traces to another (ADR 16).
"""

from __future__ import annotations

import numpy as np

from edgewarm.forecast.mixture import Mixture
from edgewarm.model.demand import BoolArray

SETTLED = 100.0  # verified forecasts of a window after which a row has something to tell about it
LEAST_ROWS = 3


def adopt(mixture: Mixture, newcomers: int, far: BoolArray) -> None:
    """Windows that were never verified in the last `newcomers` rows begin as they are in the settled ones.

    `far` (K,) are the windows of more than an hour; where fewer than LEAST_ROWS are settled, a window stays as it was.
    """
    first = mixture.seen.shape[1] - newcomers
    for window, seen in enumerate(mixture.seen):
        told = np.flatnonzero(seen[:first] >= SETTLED)
        fresh = first + np.flatnonzero(seen[first:] == 0)
        if len(told) < LEAST_ROWS or not len(fresh):
            continue
        if far[window]:
            mixture.weight[window][..., fresh] = mixture.weight[window][..., told].mean(axis=-1)[..., None]
        else:
            mixture.quantile[window][..., fresh] = np.median(mixture.quantile[window][..., told], axis=-1)[..., None]
