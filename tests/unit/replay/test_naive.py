"""The rules that every forecast must beat, each kind of quantiles that they come with, and that none looks ahead."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from edgewarm.model.demand import FloatArray
from edgewarm.replay.calibrated import calibrated, calibrated_few
from edgewarm.replay.naive import Naive, Past, trailing_quantiles
from edgewarm.replay.rivals import CALIBRATED, NATIVE, TRAILING, contenders, rules
from edgewarm.replay.tracker import LEVELS as LEVELS_OF_TRACKER

pytestmark = pytest.mark.unit

DAY = 24  # steps of an hour
LEVELS = (0.5, 0.9)
LAST, DAILY = Naive("last"), Naive("day", DAY)
NAN = np.nan


def at(*origins: int) -> np.ndarray:
    return np.array(origins)


def past(values: object) -> Past:
    return Past.of(np.array(values, dtype=np.float64), DAY)


def test_a_perfect_day_repeats_itself_for_the_seasonal_rule() -> None:
    days = past(list(range(DAY)) * 4)

    assert DAILY.trailing(days, at(3 * DAY), 5, LEVELS)[0] == pytest.approx([5.0, 5.0])
    assert DAILY.native(days, at(3 * DAY), 5, LEVELS)[0] == pytest.approx([5.0, 5.0])


def test_last_value_adds_what_a_steady_rise_adds_in_that_time() -> None:
    rising = past(2.0 * np.arange(4 * DAY))

    assert LAST.trailing(rising, at(80), 3, LEVELS)[0] == pytest.approx([160 + 6, 160 + 6])


def test_trailing_residuals_are_those_of_the_last_two_days() -> None:
    """A rise by 7 at noon of the second day: it is one of 48 residuals for two days, and forgotten then."""
    risen = past([10.0] * 36 + [17.0] * 4 * DAY)

    (within,), (after,) = LAST.trailing(risen, at(36 + 47, 36 + 48), 1, (1.0,))
    assert (within, after) == pytest.approx((17.0 + 7.0, 17.0))


def test_a_horizon_beyond_one_season_repeats_the_last_season_that_is_known() -> None:
    assert [DAILY.lag(ahead) for ahead in (1, 24, 25, 48, 49)] == [24, 24, 48, 48, 72]
    assert DAILY.points(past(np.arange(100.0)), at(60), 25).tolist() == [60 + 25 - 48]


def test_native_quantiles_of_the_last_value_widen_with_the_root_of_the_horizon() -> None:
    steps = past([10.0, 13.0, 9.0])  # changes 3, -4: root mean square 3.5355
    sigma = np.sqrt((9 + 16) / 2)

    assert LAST.native(steps, at(2), 4, (0.9,))[0, 0] == pytest.approx(9 + NormalDist().inv_cdf(0.9) * sigma * 2)


def test_native_quantiles_of_the_season_widen_only_with_whole_seasons() -> None:
    values = past(np.random.default_rng(1).normal(100, 5, 5 * DAY))
    near, far, beyond = (DAILY.native(values, at(90), ahead, LEVELS)[0] for ahead in (1, 24, 25))

    assert near[1] - near[0] == pytest.approx(far[1] - far[0])
    assert beyond[1] - beyond[0] == pytest.approx((far[1] - far[0]) * np.sqrt(2))


def test_trailing_quantiles_are_numpys_over_the_window() -> None:
    random = np.random.default_rng(2)
    residuals = np.where(random.random(60) < 0.2, NAN, random.normal(0, 1, 60))
    origins = at(5, 6, 7, 30, 59)

    found = trailing_quantiles(residuals, origins, 10, LEVELS)

    for row, origin in zip(found, origins, strict=True):
        assert row == pytest.approx(np.nanquantile(residuals[max(origin - 9, 0) : origin + 1], LEVELS))


def test_without_residuals_the_point_is_all_that_is_said() -> None:
    assert trailing_quantiles(np.full(5, NAN), at(4), 3, LEVELS).tolist() == [[0.0, 0.0]]


def test_an_unknown_value_is_held_and_never_zero() -> None:
    values = past([7.0] * (4 * DAY - 1) + [NAN])

    assert LAST.points(values, at(4 * DAY - 1), 1).tolist() == [7.0]


def test_where_yesterday_is_unknown_the_last_value_speaks() -> None:
    assert DAILY.points(past([1.0, 2.0, 3.0]), at(2), 1).tolist() == [3.0]


def test_a_week_competes_only_where_two_are_recorded_and_one_is_learned() -> None:
    assert [rule.season for rule in rules(14 * DAY, 7 * DAY, DAY)] == [None, DAY, 7 * DAY]
    assert [rule.season for rule in rules(13 * DAY, 7 * DAY, DAY)] == [None, DAY]
    assert [rule.season for rule in rules(14 * DAY, 6 * DAY, DAY)] == [None, DAY]


def all_forms(values: FloatArray, origins: np.ndarray, ahead: int) -> dict[str, FloatArray]:
    known = Past.of(values, DAY)
    tracked = calibrated(known, 0, (LAST, DAILY), (ahead,), origins, lambda steps: None)
    return dict(contenders(known, (LAST, DAILY), origins, ahead, LEVELS, tracked[:, :, 0]))


def test_each_rule_comes_in_three_forms() -> None:
    found = all_forms(np.arange(100.0), at(60, 61), 3)

    assert set(found) == {f"{rule}, {form}" for rule in ("last", "day") for form in (TRAILING, NATIVE, CALIBRATED)}
    assert {quantiles.shape for quantiles in found.values()} == {(2, len(LEVELS))}


def test_no_form_of_any_rule_knows_what_comes_after_the_origin() -> None:
    values = np.random.default_rng(3).uniform(0, 10, 5 * DAY)
    changed = values.copy()
    changed[4 * DAY + 1 :] = 1e6

    before, after = (all_forms(series, at(3 * DAY, 4 * DAY), 6) for series in (values, changed))

    for name, quantiles in before.items():
        assert after[name] == pytest.approx(quantiles), name


def test_our_calibrator_gives_the_last_value_its_coverage() -> None:
    values = 100 + np.random.default_rng(4).normal(0, 5, 40 * DAY)
    origins = np.arange(10 * DAY, 40 * DAY - 1)

    found = all_forms(values, origins, 1)[f"last, {CALIBRATED}"]

    assert np.mean(values[origins + 1] <= found[:, 1]) == pytest.approx(0.9, abs=0.02)


def test_a_method_at_few_origins_is_corrected_once_five_of_its_forecasts_came_true() -> None:
    origins = np.arange(0, 200, 4)
    values = past(np.full(210, 100.0))
    always_low = np.full(len(origins), 81.0)

    found = calibrated_few(values, 0, always_low, origins, 2)

    assert np.isnan(found[:5]).all()
    assert np.isfinite(found[5:]).all()
    assert found[-1, LEVELS_OF_TRACKER.index(0.5)] > 90


def test_a_method_at_few_origins_learns_only_from_targets_that_have_come() -> None:
    origins, changed = np.arange(0, 100, 4), np.full(110, 100.0)
    changed[61:] = 1e6
    points = np.full(len(origins), 90.0)

    before, after = (calibrated_few(past(series), 0, points, origins, 6) for series in (np.full(110, 100.0), changed))

    known = origins <= 60
    assert after[known] == pytest.approx(before[known], nan_ok=True)
    assert after[~known] != pytest.approx(before[~known], nan_ok=True)
