"""To and from zero, and back from a fall: each rule against the expected cost of both ways."""

from __future__ import annotations

import pytest

from edgewarm.decide.zero import break_even_seconds, is_held, is_warm, kappa_of_a_cold_start

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("cold_start", "expected"),
    [
        pytest.param(6.0, 1.0, id="a tenth of the step is lost: 10 x 6 / 60"),
        pytest.param(60.0, 10.0, id="all of it"),
        pytest.param(600.0, 10.0, id="no more than all of it"),
    ],
)
def test_a_cold_start_in_idle_steps(cold_start: float, expected: float) -> None:
    assert kappa_of_a_cold_start(10.0, cold_start, 60.0) == pytest.approx(expected)


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.09, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("kappa_0", [0.5, 1.0, 10.0, 60.0])
def test_warm_is_the_cheaper_of_two_bets(probability: float, kappa_0: float) -> None:
    """Warm costs an idle step where nothing comes, cold kappa_0 where something does."""
    assert is_warm(probability, kappa_0) == ((1 - probability) < kappa_0 * probability)


def test_break_even_is_what_a_cold_start_is_worth() -> None:
    assert break_even_seconds(10.0, 30.0) == 300.0


@pytest.mark.parametrize(
    ("returns", "held"),
    [
        pytest.param([(60.0, 1.0)], True, id="back within a minute for sure: 30 s idle against 300"),
        pytest.param([(300.0, 0.5)], False, id=".5 x 300 against .5 x 150 + .5 x 300"),
        pytest.param([(60.0, 0.5)], False, id=".5 x 300 = 150 against .5 x 30 + .5 x 300 = 165"),
        pytest.param([(60.0, 0.6)], True, id=".6 x 300 = 180 against .6 x 30 + .4 x 300 = 138"),
        pytest.param([(100.0, 0.4), (200.0, 0.8)], True, id="240 against .4 x 50 + .4 x 150 + .2 x 300 = 140"),
        pytest.param([(400.0, 1.0)], False, id="only after break-even"),
        pytest.param([], False, id="nothing is known to come back"),
    ],
)
def test_a_unit_is_held_while_its_return_pays(returns: list[tuple[float, float]], held: bool) -> None:
    assert is_held(returns, 10.0, 30.0) is held
