"""From which confidence on acting on a forecast has paid: the threshold of the policies that state none.

    c_b   = confidence at the start of block b, from the blocks before it alone
    G(t)  = sum_b w_b d_b 1{c_b >= t}             what the threshold t would have gained (learn.confidence)
    t*    = argmax G over .6, .65 .. .9           the default .7 unless G(t*) > G(.7) + s0; of equal ones the nearest

A block counts for every threshold, because both plans are simulated whether or not the forecast was acted on.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgewarm.learn.confidence import PRIOR_SPREAD, Block, belief
from edgewarm.model.policy import DEFAULT_CONFIDENCE

THRESHOLDS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


def learned_threshold(blocks: Sequence[Block], now: float, prior_mean: float = 0.0) -> float:
    """The threshold that would have gained most on these blocks, which are oldest first.

    >>> learned_threshold((), now=0.0)
    0.7
    """
    sure = [belief(blocks[:index], block.start, prior_mean).confidence for index, block in enumerate(blocks)]
    worth = [block.weight(now) * block.gain for block in blocks]
    gains = {least: _gain(sure, worth, least) for least in THRESHOLDS}
    best = max(THRESHOLDS, key=lambda least: (gains[least], -abs(least - DEFAULT_CONFIDENCE)))
    return best if gains[best] > gains[DEFAULT_CONFIDENCE] + PRIOR_SPREAD else DEFAULT_CONFIDENCE


def _gain(sure: Sequence[float], worth: Sequence[float], least: float) -> float:
    return sum(value for confidence, value in zip(sure, worth, strict=True) if confidence >= least)
