"""To and from zero: each rule against the expected cost of both ways, and the plan that follows against all plans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from edgewarm.decide.zero import cost_of_a_cold_start, idle_steps, is_kept, is_started
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.unit
STEPS = 8


Back = list[tuple[float, float]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.0, 0.0, id="nobody waits"),
        pytest.param(6.0, 1.1, id="a tenth of the step is lost, a tenth is idle: 10 x .1 + .1"),
        pytest.param(60.0, 11.0, id="all of it: 10 + 1"),
        pytest.param(600.0, 20.0, id="no more than all of one step: 10 + 10"),
    ],
)
def test_a_cold_start_in_idle_steps(seconds: float, expected: float) -> None:
    assert cost_of_a_cold_start(10.0, seconds, 60.0) == pytest.approx(expected)


@pytest.mark.parametrize("probability", [0.01, 0.05, 0.09, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("cold", [0.5, 1.0, 10.0, 60.0])
def test_without_lead_time_both_rules_are_the_newsvendors(probability: float, cold: float) -> None:
    """Warm costs an idle step where nothing comes, cold its price where something does."""
    back = [(1.0, probability)]
    assert is_started(probability, probability, back, cold) == is_kept(back, cold) == (probability > 1 / (1 + cold))


def test_a_step_in_which_demand_comes_is_not_idle() -> None:
    assert idle_steps([(0.5, 0.1), (1.5, 0.3)]) == pytest.approx(0.5 * 0.9 + 1.0 * 0.7)


@pytest.mark.parametrize(
    ("probability", "back", "started"),
    [
        pytest.param(0.2, [(1.0, 0.0), (2.0, 0.2)], True, id="10 x .2 > 1 + .8, of which 1 is its start"),
        pytest.param(0.1, [(1.0, 0.0), (2.0, 0.1)], False, id="10 x .1 < 1 + .9"),
        pytest.param(0.0, [(1.0, 0.9), (2.0, 0.9)], False, id="what comes before it is ready, it misses"),
        pytest.param(1.0, [(9.0, 0.0), (10.0, 1.0)], True, id="10 > 9: it starts for nine steps"),
        pytest.param(1.0, [(11.0, 0.0), (12.0, 1.0)], False, id="10 < 11: too long to wait idle"),
    ],
)
def test_a_start_pays_for_itself(probability: float, back: Back, started: bool) -> None:
    assert is_started(probability, probability, back, 10.0) is started


def test_a_start_for_what_comes_late_in_its_window_can_wait() -> None:
    back = [(0.75, 0.0), (1.75, 0.5)]  # 10 x .5 > .75 + .5
    assert [is_started(soon, 0.5, back, 10.0) for soon in (0.09, 0.1)] == [False, True]  # 1 / 11 = .091


@pytest.mark.parametrize(
    ("back", "kept"),
    [
        pytest.param([], False, id="no step is out of reach"),
        pytest.param([(1.0, 1.0)], True, id="back at once: nothing idle"),
        pytest.param([(1.0, 0.09)], False, id="10 x .09 < .91"),
        pytest.param([(0.5, 0.05)], True, id="half a step: 10 x .05 > .5 x .95"),
        pytest.param([(1.0, 0.0), (2.0, 0.1)], False, id="10 x .1 < 1 + .9"),
        pytest.param([(1.0, 0.0), (2.0, 0.2)], True, id="10 x .2 > 1 + .8"),
        pytest.param([(1.0, 0.1), (2.0, 0.1), (3.0, 0.1)], True, id="the first step pays by itself"),
    ],
)
def test_a_pod_is_kept_while_what_may_come_pays_for_its_idle_steps(back: Back, kept: bool) -> None:
    assert is_kept(back, 10.0) is kept


def quiet_path_cost(hazards: FloatArray, wanted: Sequence[int], lead: int, kappa: float) -> float:
    """Expected cost of `wanted` pods (0 or 1) by step, as long as nothing comes; what comes ends the path.

    A pod is ready once it was wanted for `lead` steps on end, and idle until then; one was there for long at the start.
    """
    cost, nothing_yet, since = 0.0, 1.0, lead
    for hazard, want in zip(hazards, wanted, strict=True):
        since = since + 1 if want else 0
        still_starting = lead + 1 - since if want else lead
        late = kappa + still_starting if since <= lead else 0.0
        cost += nothing_yet * (hazard * late + (1 - hazard) * want)
        nothing_yet *= 1 - hazard
    return cost


def followed(hazards: FloatArray, lead: int, kappa: float) -> list[int]:
    """What the two rules want, step by step, of a pod that was there at the start."""
    wanted, current = [], 1
    cold = kappa * min(lead, 1) + lead if lead else kappa  # the least start is seen as a step late
    for step in range(len(hazards)):
        ahead = np.concatenate([hazards[step:], np.zeros(lead)])[: lead + 1]
        by = 1 - np.cumprod(1 - ahead)
        back = [(float(index + 1), float(found)) for index, found in enumerate(by)]
        last = float(np.diff(by, prepend=0.0)[-1])
        current = int(is_started(last, last, back, cold) or (current == 1 and is_kept(back, cold)))
        wanted.append(current)
    return wanted


def paths() -> list[FloatArray]:
    """Chance, timers that are more or less sure, both, and neither."""
    random = np.random.default_rng(1)
    found = []
    for _ in range(60):
        hazards = random.uniform(0, 0.15, STEPS) * random.integers(0, 2)
        due = random.integers(0, STEPS, 2)
        hazards[due] += random.uniform(0.1, 0.84, 2) * random.integers(0, 2, 2)
        found.append(hazards)
    return found


@pytest.mark.parametrize("kappa", [2.0, 10.0, 40.0])
@pytest.mark.parametrize("lead", [0, 1, 2])
def test_of_all_plans_none_is_much_cheaper_than_the_rules(lead: int, kappa: float) -> None:
    """With a lead time the rules look one window ahead, and the best plan at all of them."""
    ours, best = 0.0, 0.0
    for hazards in paths():
        ours += quiet_path_cost(hazards, followed(hazards, lead, kappa), lead, kappa)
        best += min(quiet_path_cost(hazards, plan, lead, kappa) for plan in product((0, 1), repeat=STEPS))
    assert ours <= best * (1.0 + 1e-9 if lead == 0 else 1.05)
