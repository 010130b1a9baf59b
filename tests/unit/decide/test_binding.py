"""Several resources: which one binds, what is said of it, and what holds while one is blind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.binding import binding_resource
from edgewarm.decide.explanation import sentence
from edgewarm.decide.situation import Situation, Verdict
from edgewarm.decide.verdict import decide
from edgewarm.engine.asking import expected, joint_reading
from edgewarm.model.demand import DemandRequest
from edgewarm.model.load import Load
from edgewarm.model.policy import Bounds, Policy, Resource, Strategy
from edgewarm.model.reasons import Reason
from support.builders import outlook, policy, reading, situation

pytestmark = pytest.mark.unit

GIB = 2.0**30
CPU = Resource("cpu", DemandRequest("shop", query="cores"), 0.5)
MEMORY = Resource("memory", DemandRequest("shop", query="bytes"), 2 * GIB, "Gi")


def both(**overrides: Any) -> Policy:
    """Half a core and two GiB per pod."""
    return policy(capacity_per_pod=1.0, resources=(CPU, MEMORY), **overrides)


def used(
    cores: float | None, gib: float | None, ahead: tuple[float | None, float | None] = (None, None), **overrides: Any
) -> Situation:
    """Four pods with this use now, and foreseen with certainty."""
    asked = overrides.pop("policy", both())
    foreseen = [None if value is None else outlook(value) for value in (ahead[0], ahead[1] and ahead[1] * GIB)]
    now = (reading(cores), reading(None if gib is None else gib * GIB))
    loads = (Load(CPU, now[0], foreseen[0]), Load(MEMORY, now[1], foreseen[1]))
    around = situation(None, policy=asked, loads=loads, outlook=expected(asked, loads), **overrides)
    return replace(around, reading=joint_reading(asked, loads))


def decided(around: Situation) -> tuple[int, Reason, str | None]:
    verdict = decide(around)
    return verdict.wanted, verdict.reason, binding_resource(around, verdict)


def note(verdict: Verdict, rule: str) -> str:
    return next(candidate.note for candidate in verdict.candidates if candidate.rule == rule)


@pytest.mark.parametrize(
    ("cores", "gib", "wanted", "resource"),
    [
        pytest.param(3.2, 8.5, 7, "cpu", id="3.2 / .5 = 6.4 above 8.5 / 2 = 4.25"),
        pytest.param(2.2, 11.0, 6, "memory", id="2.2 / .5 = 4.4 below 11 / 2 = 5.5"),
        pytest.param(2.7, 10.8, 6, "cpu", id="5.4 both: the first one of the policy"),
    ],
)
def test_the_largest_need_decides(cores: float, gib: float, wanted: int, resource: str) -> None:
    assert decided(used(cores, gib)) == (wanted, Reason.REACTIVE_FLOOR, resource)


@pytest.mark.parametrize(
    ("ahead", "wanted", "resource"),
    [((3.9, 10.0), 8, "cpu"), ((1.0, 15.0), 8, "memory"), ((None, 15.0), 8, "memory")],
)
def test_another_resource_may_bind_in_the_forecast(
    ahead: tuple[float | None, float | None], wanted: int, resource: str
) -> None:
    assert decided(used(1.7, 4.0, ahead)) == (wanted, Reason.FORECAST, resource)


@pytest.mark.parametrize(
    ("around", "reason", "resource"),
    [
        pytest.param(used(1.7, 4.0, (1.0, 19.0)), Reason.SCALE_UP_LIMITED, "memory", id="10 wanted, 8 allowed"),
        pytest.param(used(9.0, 4.0, policy=both(bounds=Bounds(1, 6))), Reason.MAX_REPLICAS, "cpu", id="18 wanted"),
        pytest.param(used(0.2, 1.0, policy=both(bounds=Bounds(5, 9))), Reason.MIN_REPLICAS, None, id="not demand"),
        pytest.param(used(0.2, None), Reason.BLIND, None, id="nor that it is unknown"),
    ],
)
def test_a_limit_leaves_the_name_of_what_it_limits(around: Situation, reason: Reason, resource: str | None) -> None:
    assert decided(around)[1:] == (reason, resource)


def test_the_sentence_names_the_resource_in_the_unit_of_its_capacity() -> None:
    around = used(1.7, 4.0, (1.0, 15.0), policy=both(kappa=9.0), now=0.0)
    text = sentence(around, decide(around), "62 s (measured, 41 starts)")
    assert text == (
        "scaling 4 -> 8 now: memory 15Gi expected at 00:01 (p90), 2Gi per pod, lead time 62 s (measured, 41 starts)"
    )
    now = used(3.2, 8.5)
    assert sentence(now, decide(now), "").endswith("(cpu 3.2 now, 0.5 per pod)")


def test_a_resource_that_the_ready_pods_use_up_is_censored() -> None:
    verdict = decide(used(1.0, 8.0))  # all of 4 x 2 GiB
    assert (verdict.wanted, verdict.reason) == (5, Reason.DEMAND_CENSORED)
    assert note(verdict, "floor") == "memory 8Gi is all that 4 ready pods serve, so more may be asked"


def test_strategy_reactive_goes_by_the_busiest_resource() -> None:
    reactive = both(strategy=Strategy.REACTIVE)
    inside, above = decide(used(1.2, 3.0, policy=reactive)), decide(used(1.0, 7.0, policy=reactive))
    assert (inside.wanted, note(inside, "band")) == (4, "utilisation 60% of cpu")  # 1.2 / 2 cores
    assert (above.wanted, note(above, "band")) == (5, "memory 7Gi now at 80% of 2Gi per pod")  # 3.5 / .8 = 4.4


@pytest.mark.parametrize(
    ("around", "wanted", "reason"),
    [
        pytest.param(used(0.2, None), 4, Reason.BLIND, id="what the other one needs is no reason to fall"),
        pytest.param(used(3.2, None), 7, Reason.REACTIVE_FLOOR, id="but one to rise"),
        pytest.param(used(0.2, None, (3.9, 1.0)), 8, Reason.FORECAST, id="as is a forecast"),
        pytest.param(used(0.2, None, (0.2, 15.0)), 8, Reason.FORECAST, id="also of the blind one"),
        pytest.param(used(None, None), 4, Reason.BLIND, id="blind in both"),
    ],
)
def test_while_one_is_blind_nothing_falls(around: Situation, wanted: int, reason: Reason) -> None:
    verdict = decide(around)
    assert (verdict.wanted, verdict.reason) == (wanted, reason)
    assert verdict.recommended >= 4
