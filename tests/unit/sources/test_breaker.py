"""The breaker's truth table, line by line."""

from __future__ import annotations

from random import Random

import pytest

from edgewarm.sources.breaker import Admission, Breaker, State

pytestmark = pytest.mark.unit


def breaker(jitter: float = 0.0) -> Breaker:
    return Breaker(Random(1), jitter=jitter)


def broken(at: float) -> Breaker:
    """Three failures in a row, the last one at `at`."""
    result = breaker()
    for _ in range(3):
        result.failed(at, at)
    return result


def test_two_failures_keep_it_closed():
    b = breaker()
    b.failed(0, 1)
    b.failed(1, 2)
    assert b.admit(2) is Admission.YES


def test_a_success_between_failures_starts_the_count_again():
    b = breaker()
    for at in range(10):
        b.failed(at, at)
        b.succeeded(at + 0.5)
    assert b.state is State.CLOSED


def test_the_third_failure_opens_it_for_five_seconds():
    b = broken(at=100)
    assert [b.admit(now) for now in (100, 104.9, 105)] == [Admission.NO, Admission.NO, Admission.PROBE]


def test_half_open_lets_one_through_and_a_lost_probe_is_replaced_after_thirty_seconds():
    b = broken(at=0)
    admitted = [b.admit(now) for now in (5, 5, 34.9, 35, 35)]
    assert admitted == [Admission.PROBE, Admission.NO, Admission.NO, Admission.PROBE, Admission.NO]


def test_failed_probes_double_the_pause_up_to_thirty_seconds():
    b = broken(at=0)
    now, pauses = 0.0, []
    for _ in range(5):
        pauses.append(b.until - now)
        now = b.until
        assert b.admit(now) is Admission.PROBE
        b.failed(now, now)
    assert pauses == [5, 10, 20, 30, 30]


def test_a_good_probe_closes_it_and_forgets_the_pauses():
    b = broken(at=0)
    b.admit(5)
    b.failed(5, 5)  # now 10 s
    b.admit(15)
    b.succeeded(15)
    assert b.admit(15) is Admission.YES
    for _ in range(3):
        b.failed(16, 16)
    assert b.until == 16 + 5


def test_failures_of_queries_asked_before_the_latest_answer_do_not_count():
    b = breaker()
    b.succeeded(10)
    for _ in range(5):
        b.failed(asked_at=9, now=19)
    assert b.state is State.CLOSED


def test_failures_that_arrive_while_open_do_not_prolong_it():
    b = broken(at=0)
    b.failed(0, 4)
    assert b.until == 5


def test_jitter_lengthens_a_pause_by_at_most_a_quarter():
    untils = []
    for seed in range(50):
        b = Breaker(Random(seed))
        for _ in range(3):
            b.failed(0, 0)
        untils.append(b.until)
    assert min(untils) >= 5
    assert max(untils) <= 6.25
    assert len(set(untils)) > 40
