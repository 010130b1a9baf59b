"""Spans, horizons and levels as a command line gives them."""

from __future__ import annotations

import pytest

from edgewarm.replay.errors import TraceError
from edgewarm.replay.spans import levels_of, seconds_of, steps_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60),
        ("5m", 300),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1d12h", 129_600),
        (".5d", 43_200),
        ("1.5w", 907_200),
    ],
)
def test_a_span_is_a_go_duration_with_days_and_weeks_before_it(text: str, seconds: float) -> None:
    assert seconds_of(text, "--train") == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-5m", "0s", "5 minutes", "1h2d", "9" * 400 + "d"])
def test_what_is_no_span_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(TraceError, match="--train"):
        seconds_of(text, "--train")


def test_horizons_are_steps_or_spans_and_come_back_rising() -> None:
    assert steps_of("60,1,5m,24h", 60.0, "--horizons") == (1, 5, 60, 1440)


@pytest.mark.parametrize("text", ["0", "-1", "90s", "30s", "", "x"])
def test_a_horizon_that_is_no_whole_number_of_steps_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match="--horizons"):
        steps_of(text, 60.0, "--horizons")


def test_levels_rise_and_lie_between_nothing_and_certainty() -> None:
    assert levels_of(".9,.5,0.99", "--quantiles") == (0.5, 0.9, 0.99)


@pytest.mark.parametrize("text", ["", "0", "1", "90", "p90", "nan"])
def test_what_is_no_level_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match="--quantiles"):
        levels_of(text, "--quantiles")
