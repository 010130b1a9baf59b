"""A_r and K_r of rungs over the stages of a start: 2 + 30 + 10 + 3 + 15 seconds."""

from __future__ import annotations

import pytest

from edgewarm.decide.leads import ahead_seconds, spared_minutes
from edgewarm.model.stages import STAGES, Stage

pytestmark = pytest.mark.unit

SECONDS = dict(zip(STAGES, (2.0, 30.0, 10.0, 3.0, 15.0), strict=True))


@pytest.mark.parametrize(
    ("first", "warm", "seconds"),
    [
        pytest.param(Stage.SCHEDULING, (), 60.0, id="node room: everything, 2 + 30 + 10 + 3 + 15"),
        pytest.param(Stage.IMAGE, (), 58.0, id="image: 30 + 10 + 3 + 15"),
        pytest.param(Stage.DATA, (), 28.0, id="data: 10 + 3 + 15"),
        pytest.param(Stage.START, (), 18.0, id="standby: 3 + 15"),
        pytest.param(Stage.SCHEDULING, (Stage.IMAGE,), 30.0, id="the image is warm: 60 - 30"),
        pytest.param(Stage.DATA, (Stage.IMAGE,), 28.0, id="what is warm below takes no time anyway"),
        pytest.param(Stage.READY, (Stage.READY,), 0.0, id="all is warm"),
    ],
)
def test_a_plan_needs_what_is_still_cold_from_its_rung_upwards(
    first: Stage, warm: tuple[Stage, ...], seconds: float
) -> None:
    assert ahead_seconds(SECONDS, first, warm) == seconds


@pytest.mark.parametrize(
    ("last", "seconds"),
    [(Stage.SCHEDULING, 2.0), (Stage.IMAGE, 32.0), (Stage.DATA, 42.0), (Stage.READY, 60.0)],
)
def test_a_rung_spares_all_stages_up_to_its_own(last: Stage, seconds: float) -> None:
    assert spared_minutes(SECONDS, last) == pytest.approx(seconds / 60)


def test_a_stage_that_nobody_measured_adds_nothing() -> None:
    assert ahead_seconds({Stage.READY: 15.0}, Stage.SCHEDULING) == 15.0
    assert spared_minutes({}, Stage.READY) == 0.0
