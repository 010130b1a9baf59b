"""The demo's report shows each forecast at the time that it is about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.report import Play, forecast_band
from demo.watching import Record, Seen

pytestmark = pytest.mark.unit

RISE = 1000.0


def seen(at: float, p50: float | None, p90: float | None, lead: float | None = 60.0) -> Seen:
    return Seen(at, None, p50, p90, lead)


def band(*looks: Seen, last: float = 1e9) -> list[tuple[float, float]]:
    return forecast_band(cast(Play, cast(Any, SimpleNamespace(record=Record(list(looks))))), RISE, last)


def test_a_forecast_stands_at_the_later_edge_of_its_window() -> None:
    # 1000 + 60 lead + 15 pass + 60 step - 30 that the query trails = 105 s after the rise began
    assert band(seen(RISE, 10.0, 12.0)) == [(105.0, 10.0), (105.0, 12.0)]


def test_looks_between_two_passes_repeat_the_last_one_and_do_not_count() -> None:
    looks = (seen(1000, 10.0, 12.0), seen(1001, 10.0, 12.0), seen(1014, 10.0, 12.0), seen(1015, 11.0, 13.0))
    assert band(*looks) == [(105.0, 10.0), (120.0, 11.0), (120.0, 13.0), (105.0, 12.0)]


def test_looks_before_the_first_forecast_are_left_out() -> None:
    assert band(seen(990, None, None), seen(1000, 10.0, 12.0)) == [(105.0, 10.0), (105.0, 12.0)]


def test_what_is_about_a_time_after_the_play_is_left_out() -> None:
    assert band(seen(1000, 10.0, 12.0), seen(1015, 11.0, 13.0), last=110.0) == [(105.0, 10.0), (105.0, 12.0)]
