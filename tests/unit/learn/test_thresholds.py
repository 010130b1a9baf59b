"""The threshold of confidence follows what acting has brought."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgewarm.learn.confidence import BLOCK_SECONDS, Block, belief
from edgewarm.learn.thresholds import THRESHOLDS, learned_threshold

pytestmark = pytest.mark.unit


def week(*gains: float) -> tuple[Block, ...]:
    return tuple(Block(index * BLOCK_SECONDS, gain, gain) for index, gain in enumerate(gains))


def after(blocks: tuple[Block, ...]) -> float:
    return len(blocks) * BLOCK_SECONDS


def test_without_evidence_it_is_the_default() -> None:
    assert learned_threshold((), now=0.0) == 0.7


def test_steady_gains_leave_the_default_because_confidence_passes_every_threshold_at_once() -> None:
    blocks = week(*[0.3] * 28)
    assert learned_threshold(blocks, after(blocks)) == 0.7


def played(gain_at: Callable[[float], float]) -> tuple[Block, ...]:
    """A week whose blocks gain by the confidence that they begin with."""
    gains: list[float] = []
    for index in range(28):
        gains.append(gain_at(belief(week(*gains), index * BLOCK_SECONDS).confidence))
    return week(*gains)


def test_gains_at_little_confidence_lower_it() -> None:
    blocks = played(lambda sure: 0.15 if sure < 0.7 else -0.1)
    assert learned_threshold(blocks, after(blocks)) == 0.6


def test_losses_at_middling_confidence_raise_it() -> None:
    blocks = played(lambda sure: -0.6 if 0.7 <= sure < 0.8 else 0.3)
    assert learned_threshold(blocks, after(blocks)) > 0.7


@pytest.mark.parametrize("gains", [(0.5, -0.9) * 14, (-0.3,) * 28, (0.01,) * 28])
def test_it_stays_within_its_bounds(gains: tuple[float, ...]) -> None:
    blocks = week(*gains)
    assert learned_threshold(blocks, after(blocks)) in THRESHOLDS
