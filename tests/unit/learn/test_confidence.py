"""Confidence: blocks of six hours, and the posterior of their mean, each formula with its sum."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgewarm.learn.confidence import (
    BLOCK_SECONDS,
    KEPT,
    Block,
    Blocks,
    OpenBlock,
    autocorrelation,
    belief,
    block_start,
    fleet_prior,
)
from edgewarm.learn.student import student_cdf

pytestmark = pytest.mark.unit
HOUR = 3600.0
MIDNIGHT = 20 * 86400.0


def blocks(*gains: float, backtest: bool = False) -> tuple[Block, ...]:
    """One after the other up to MIDNIGHT; each saved a hundred times its gain."""
    first = MIDNIGHT - len(gains) * BLOCK_SECONDS
    return tuple(Block(first + i * BLOCK_SECONDS, g, 100 * g, backtest) for i, g in enumerate(gains))


def test_blocks_begin_at_fixed_hours() -> None:
    assert block_start(MIDNIGHT + 5.9 * HOUR) == MIDNIGHT
    assert block_start(MIDNIGHT + 6 * HOUR) == MIDNIGHT + 6 * HOUR


def lived(hours: float, forecast: float, reactive: float, differ: bool = True) -> Blocks:
    """So many hours from midnight with these costs an hour, then one step of the next block."""
    found = Blocks()
    for step in range(round(hours * 60)):
        found = found.see(MIDNIGHT + 60.0 * (step + 1), 60.0, (forecast / 60, reactive / 60), differ)
    return found.see(MIDNIGHT + BLOCK_SECONDS + 60.0, 60.0, (0.0, 0.0), False)


@pytest.mark.parametrize(
    ("found", "gain"),
    [
        pytest.param(lived(6, 1.0, 3.0), 0.5, id="(18 - 6) / (18 + 6)"),
        pytest.param(lived(6, 3.0, 1.0), -0.5, id="following it cost more"),
        pytest.param(lived(3, 1.0, 3.0), 0.5, id="half a block is enough"),
    ],
)
def test_a_block_closes_with_its_gain(found: Blocks, gain: float) -> None:
    (block,) = found.closed
    assert (block.start, block.backtest) == (MIDNIGHT, False)
    assert block.gain == pytest.approx(gain)
    assert found.open == OpenBlock(MIDNIGHT + BLOCK_SECONDS, 0.0, 0.0, 60.0, False)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lived(2.9, 1.0, 3.0), id="too little was seen"),
        pytest.param(lived(6, 2.0, 2.0, differ=False), id="both plans were the same"),
        pytest.param(lived(6, 0.0, 0.0), id="nothing cost anything"),
    ],
)
def test_a_block_that_says_nothing_is_left_out(found: Blocks) -> None:
    assert found.closed == ()


def test_a_week_of_blocks_is_kept_and_a_backtest_fills_what_was_not_lived() -> None:
    live = Blocks(blocks(0.1, 0.2))
    first, second = (block.start for block in live.closed)
    older = Block(first - BLOCK_SECONDS, 0.5, 50.0, True)
    filled = live.rehearsed([older, Block(second, 0.9, 90.0, True)])
    assert filled.closed == (older, *live.closed)
    assert filled.rehearsed([]).closed == live.closed  # a new backtest replaces the one before
    many = Blocks().rehearsed(blocks(*[0.1] * 40, backtest=True))
    assert len(many.closed) == KEPT == 28


def test_old_blocks_and_backtests_weigh_less() -> None:
    block = Block(MIDNIGHT - BLOCK_SECONDS, 0.1, 1.0)
    assert block.weight(MIDNIGHT) == 1.0
    assert block.weight(MIDNIGHT + 7 * 86400.0) == 0.5
    assert Block(block.start, 0.1, 1.0, backtest=True).weight(MIDNIGHT + 7 * 86400.0) == 0.25
    assert Block(MIDNIGHT, 0.1, 1.0).weight(MIDNIGHT) == 1.0  # still under way: not from the future


def test_without_blocks_it_is_what_the_prior_says() -> None:
    nothing = belief((), MIDNIGHT)
    assert (nothing.mean, nothing.blocks, nothing.probability, nothing.saved) == (0.0, 0.0, 0.5, 0.0)
    # the others gain .3: t = .3 sqrt(4) / .3 = 2 with 4 degrees of freedom; but nothing was saved here yet
    others = belief((), MIDNIGHT, 0.3)
    assert others.probability == pytest.approx(student_cdf(2.0, 4.0))
    assert others.confidence == 0.5


def test_one_block() -> None:
    # n = 1, m = 1 x .5 / 5 = .1; s^2 = (4 x .09 + 4/5 x .25) / 5 = .112; t = .1 sqrt(5) / sqrt(.112)
    found = belief(blocks(0.5), MIDNIGHT)
    assert (found.blocks, found.gain, found.mean) == (1.0, 0.5, pytest.approx(0.1))
    assert found.confidence == pytest.approx(student_cdf(0.1 * math.sqrt(5 / 0.112), 5.0))
    assert found.confidence > 0.7  # six good hours open the gate


def test_two_blocks_with_their_weights() -> None:
    # ages 6 h and 0 h: w = 2^(-1/28) and 1; dbar and v weighted; rho of (+, -) is negative, so 0
    old = 2 ** (-1 / 28)
    total = old + 1
    mean = (old * 0.6 + 0.2) / total
    variance = (old * (0.6 - mean) ** 2 + (0.2 - mean) ** 2) / total
    n = total**2 / (old**2 + 1)
    trust = 4 + n
    spread = (4 * 0.09 + n * variance + 4 * n / trust * mean**2) / trust
    found = belief(blocks(0.6, 0.2), MIDNIGHT)
    assert found.blocks == pytest.approx(n)
    assert found.probability == pytest.approx(student_cdf(n * mean / trust * math.sqrt(trust / spread), trust))


def test_the_posterior_is_the_integral_of_prior_times_likelihood() -> None:
    """The closed form against a sum over a grid of means and variances, for two equal blocks."""
    k0, s0 = 4.0, 0.3
    mu, variance = np.meshgrid(np.linspace(-2, 2, 1000), np.linspace(0.0025, 1.0, 400), indexing="ij")
    prior = variance ** -(k0 / 2 + 1.5) * np.exp(-k0 * (s0**2 + mu**2) / (2 * variance))
    both = np.exp(-((0.5 - mu) ** 2 + (0.3 - mu) ** 2) / (2 * variance)) / variance
    mass = {above: float((prior * both)[(mu > 0) == above].sum()) for above in (True, False)}
    same_age = (Block(MIDNIGHT, 0.5, 1.0), Block(MIDNIGHT + 1, 0.3, 1.0))
    assert belief(same_age, MIDNIGHT).probability == pytest.approx(mass[True] / sum(mass.values()), abs=0.005)


def test_neighbours_that_agree_are_worth_less() -> None:
    assert autocorrelation([0.1] * 8) == 0.0
    assert autocorrelation([0.1, 0.5]) == 0.0  # never below 0
    # off the mean by -1 -1 1 1: (1 - 1 + 1) / 4
    assert autocorrelation([0.0, 0.0, 2.0, 2.0]) == pytest.approx(0.25)
    steady, mixed = belief(blocks(*[0.1] * 4, *[0.5] * 4), MIDNIGHT), belief(blocks(*[0.1, 0.5] * 4), MIDNIGHT)
    assert steady.blocks < mixed.blocks
    assert steady.confidence < mixed.confidence


def test_what_cost_more_in_all_is_never_trusted() -> None:
    # many small gains in cheap hours, one large loss
    cheap = tuple(Block(b.start, b.gain, 1.0) for b in blocks(*[0.3] * 8))
    loss = Block(MIDNIGHT, -0.1, -50.0)
    found = belief((*cheap, loss), MIDNIGHT + BLOCK_SECONDS)
    assert found.probability > 0.9
    assert found.confidence == 0.5


def test_the_prior_is_the_mean_of_the_others_shrunk() -> None:
    assert fleet_prior(0.0, 0) == 0.0
    assert fleet_prior(0.4, 1) == pytest.approx(0.08)  # .4 / 5
    assert fleet_prior(36 * 0.4, 36) == pytest.approx(0.36)  # 14.4 / 40
