"""Calibration seen live: windows, their edges, and how many promises held."""

from __future__ import annotations

import pytest

from edgewarm.learn.promises import Promise, Promises
from support.builders import certain, quantiles

pytestmark = pytest.mark.unit

P90_100 = quantiles((0.5, 50.0), (0.9, 100.0), (0.99, 200.0))


def promised(start: float = 100.0, end: float = 160.0) -> Promises:
    return Promises().make(Promise(start, end, P90_100))


def after(samples: list[tuple[float, float | None]], promises: Promises | None = None) -> Promises:
    found = promised() if promises is None else promises
    for now, demand in samples:
        found = found.see(now, demand)
    return found


@pytest.mark.parametrize(
    ("samples", "checked", "held"),
    [
        pytest.param([(130, 99.0), (161, 0.0)], 1, 1, id="99 stayed below p90"),
        pytest.param([(130, 100.0), (161, 0.0)], 1, 1, id="p90 itself is kept"),
        pytest.param([(130, 100.1), (161, 0.0)], 1, 0, id="100.1 broke it"),
        pytest.param([(110, 150.0), (130, 10.0), (161, 0.0)], 1, 0, id="the largest of the window counts"),
        pytest.param([(100, 150.0), (161, 0.0)], 1, 0, id="the start belongs to the window"),
        pytest.param([(160, 150.0), (161, 0.0)], 1, 0, id="the end belongs to the window"),
        pytest.param([(99, 150.0), (130, 1.0), (161, 150.0)], 1, 1, id="before and after do not"),
        pytest.param([(130, None), (161, 150.0)], 0, 0, id="nothing was seen, so nothing is judged"),
        pytest.param([(130, 150.0), (140, None), (161, None)], 1, 0, id="what was seen before blindness counts"),
        pytest.param([(130, 0.0), (161, None)], 1, 1, id="zero is a sample"),
        pytest.param([(130, 150.0), (160, 1.0)], 0, 0, id="not before the end is over"),
        pytest.param([(5000, 1.0)], 0, 0, id="a gap in passes judges nothing"),
    ],
)
def test_a_promise_is_judged_once_its_window_is_over(
    samples: list[tuple[float, float | None]], checked: int, held: int
) -> None:
    found = after(samples)
    assert (found.checked, found.held) == (checked, held)


def test_coverage_is_the_share_that_held() -> None:
    found = Promises()
    assert found.coverage is None
    for minute in range(10):
        found = found.make(Promise(60.0 * minute, 60.0 * minute + 59, P90_100))
    for minute in range(11):
        found = found.see(60.0 * minute + 30, 150.0 if minute == 4 else 50.0)
    assert (found.checked, found.held, found.coverage, found.open) == (10, 9, 0.9, ())


def test_one_sample_counts_for_every_window_that_contains_it() -> None:
    two = promised().make(Promise(130.0, 190.0, P90_100))
    assert (after([(150, 150.0), (191, 0.0)], two).checked, after([(150, 150.0), (191, 0.0)], two).held) == (2, 0)


def test_the_latest_word_about_a_moment_counts() -> None:
    two = promised().make(Promise(130.0, 190.0, certain(7.0)))
    assert [two.about(now) for now in (99.0, 100.0, 130.0, 190.0, 191.0)] == [
        None,
        P90_100,
        certain(7.0),
        certain(7.0),
        None,
    ]
