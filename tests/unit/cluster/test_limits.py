"""How fast we may call, with the arithmetic in sight."""

from __future__ import annotations

from random import Random

import pytest

from edgewarm.cluster.limits import Backoff, TokenBucket

pytestmark = pytest.mark.unit


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(100.4)  # 0.4 s x 2 = 0.8 tokens
    assert bucket.take(100.5)  # 1.0
    assert [bucket.take(200.0) for _ in range(4)] == [True, True, True, False]  # never more than the burst


def test_a_reservation_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=2, burst=1)
    assert [bucket.reserve(0.0) for _ in range(3)] == [0.0, 0.5, 1.0]


def test_a_clock_that_steps_back_takes_nothing_away() -> None:
    bucket = TokenBucket(rate=1, burst=2)
    assert bucket.take(100.0)
    assert bucket.take(50.0)
    assert not bucket.take(50.0)


def test_delays_double_up_to_the_cap_with_jitter() -> None:
    backoff = Backoff(Random(7), base=1, cap=30)
    delays = [backoff.next() for _ in range(100)]
    for delay, full in zip(delays, [1, 2, 4, 8, 16, *[30] * 95], strict=True):
        assert 0.5 * full <= delay <= full
    assert len(set(delays)) > 90
    backoff.reset()
    assert backoff.next() <= 1
