"""Curves: what a demand is at a time, what it sums to, and where it rises."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from controlplane.curves import (
    DAY,
    Curve,
    DayShape,
    generated,
    load_trace,
    median_day,
    on_last_day,
    scaled,
    shifted,
    steepest_rise,
)
from controlplane.errors import ControlPlaneError

pytestmark = pytest.mark.unit

NOW = 1_750_000_000.0


def test_a_curve_is_linear_between_points_and_held_outside():
    curve = Curve([100, 110, 120], [0, 10, 10])
    assert [curve.at(t) for t in (0, 100, 105, 115, 500)] == [0, 0, 5, 10, 10]


def test_the_integral_is_the_area_since_the_start():
    curve = Curve([100, 110, 120], [0, 10, 10])
    assert [curve.integral(t) for t in (50, 100, 105, 110, 120, 130)] == [0, 0, 12.5, 50, 150, 250]


def test_the_integral_never_falls_and_its_slope_is_the_demand():
    curve = generated(3, seed=5, now=NOW)
    times = np.arange(curve.start, curve.end, 15.0)
    rates = np.diff(curve.integrals(times)) / 15.0
    assert np.all(rates > 0)
    assert rates == pytest.approx(curve.samples(times[:-1] + 7.5), rel=0.02)


@pytest.mark.parametrize(("times", "values"), [([], []), ([1, 2], [1]), ([2, 1], [1, 1]), ([1, 1], [1, 1])])
def test_a_malformed_curve_is_refused(times: list[float], values: list[float]):
    with pytest.raises(ControlPlaneError, match="curve"):
        Curve(times, values)


@pytest.mark.parametrize(
    "text",
    [
        "TimeStamp,Value,Label\n2024-01-01T00:00:00Z,1,0\n2024-01-01T00:01:00Z,2,0\n2024-01-01T00:02:00+00:00,3,0\n",
        "ts,value\n1704067200,1\n1704067260,2\n1704067320,3\n",
        "value,time\n3,2024-01-01 00:02:00\n1,2024-01-01 00:00:00\n2,2024-01-01 00:01:00\n",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_traces_are_read_by_their_header(tmp_path: Path, text: str, packed: bool):
    path = tmp_path / ("trace.csv.gz" if packed else "trace.csv")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    trace = load_trace(path)
    assert trace.times.tolist() == [1704067200, 1704067260, 1704067320]
    assert trace.values.tolist() == [1, 2, 3]


def test_a_trace_without_a_value_column_is_refused_with_its_header(tmp_path: Path):
    (tmp_path / "t.csv").write_text("ts,height\n1,2\n")
    with pytest.raises(ControlPlaneError, match="ts, height"):
        load_trace(tmp_path / "t.csv")


def test_a_gap_in_a_trace_holds_the_last_value(tmp_path: Path):
    rows = "".join(f"{t},{v}\n" for t, v in [(0, 1), (60, 2), (120, ""), (180, 3), (240, 4), (1200, 9), (1260, 9)])
    (tmp_path / "t.csv").write_text("ts,value\n" + rows)
    trace = load_trace(tmp_path / "t.csv")
    assert trace.at(1000) == 4
    assert trace.at(1200) == 9
    assert trace.at(120) == 2.5  # a single lost sample is no gap


def test_a_shift_moves_and_never_compresses():
    trace = Curve(np.arange(0, 2 * DAY, 60), np.arange(2880))
    moved = shifted(trace, align=on_last_day(trace, 3600), to=NOW)
    assert moved.at(NOW) == trace.at(DAY + 3600)
    assert moved.at(NOW - DAY) == trace.at(3600)
    assert np.diff(moved.times) == pytest.approx(np.diff(trace.times))


def test_the_steepest_rise_is_that_of_the_median_day():
    minutes = np.arange(5 * 1440)
    values = 100.0 + 50 * ((minutes % 1440) >= 421)
    values[1440 + 60 : 1440 + 70] = 10_000  # one odd day does not count
    rise = steepest_rise(Curve(minutes * 60.0, values))
    assert (rise.before, rise.after) == (100, 150)
    assert 416 * 60 <= rise.second_of_day <= 420 * 60


def test_generated_demand_is_reproducible_and_ends_half_an_hour_after_now():
    one, same, other = (generated(4, seed, NOW) for seed in (1, 1, 2))
    assert np.array_equal(one.values, same.values)
    assert not np.array_equal(one.values, other.values)
    assert one.start == pytest.approx(NOW - 4 * DAY)
    assert NOW + 1800 <= one.end <= NOW + 1900


@pytest.mark.parametrize("seed", range(5))
def test_generated_demand_ramps_steeply_three_minutes_from_now_on_every_day(seed: int):
    curve = generated(11, seed, NOW)
    for day in range(11):
        ramp = NOW + 180 - day * DAY
        assert 1.9 < curve.at(ramp + 300) / curve.at(ramp - 60) < 2.8
    assert steepest_rise(curve).second_of_day == pytest.approx((NOW + 180) % DAY, abs=120)


def test_the_shape_of_a_generated_day_can_be_chosen():
    curve = generated(3, 1, NOW, ramp_at=8 * 3600.0, shape=DayShape(base=50, factor=4, noise=0, day_spread=0))
    day = median_day(curve)
    assert day.min() == pytest.approx(50)
    assert day[8 * 60 + 10] > 190
    assert scaled(curve, 2).at(NOW) == 2 * curve.at(NOW)


def test_the_ramp_of_a_recorded_trace_falls_three_minutes_after_now(trace_file: Path):
    trace = load_trace(trace_file)
    moved = shifted(trace, align=on_last_day(trace, 6 * 3600 + 59 * 60), to=NOW + 180)
    assert 1.3 < moved.at(NOW + 240) / moved.at(NOW + 180) < 1.6
    assert moved.at(NOW) < moved.at(NOW + 240)
    assert (NOW - moved.start) > 10 * DAY
    assert 6 * 3600 + 50 * 60 < steepest_rise(trace).second_of_day < 7 * 3600
