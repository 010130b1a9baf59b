"""From policies to questions, and from answers to one reading: single demands as they are, resources joined in pods."""

from __future__ import annotations

import pytest

from edgewarm.engine.asking import expected, forecasted, joint_reading, loads, requests, row_names, samples, was_asked
from edgewarm.engine.rows import RowName
from edgewarm.model.demand import DemandRequest, Measured, Missing, MissingKind
from edgewarm.model.identity import SeriesKey
from edgewarm.model.policy import Resource
from edgewarm.model.view import ClusterView
from support.builders import BLIND, KEY, NOW, TARGET, certain, outlook, policy, workload

pytestmark = pytest.mark.unit

CPU = Resource("cpu", DemandRequest("shop", query="cores"), 0.5)
MEMORY = Resource("memory", DemandRequest("shop", query="bytes"), 2.0)
BOTH = policy(capacity_per_pod=1.0, demand=CPU.request, resources=(CPU, MEMORY))
OF_CPU, OF_MEMORY = SeriesKey(KEY, "cpu"), SeriesKey(KEY, "memory")
TYPO = Missing(MissingKind.INVALID_QUERY, "parse error")


def test_each_series_is_a_question_and_a_row() -> None:
    assert requests({KEY: BOTH}) == {OF_CPU: CPU.request, OF_MEMORY: MEMORY.request}
    window = BOTH.history_window_seconds
    assert row_names({KEY: BOTH}) == [
        RowName(KEY, CPU.request, window, "cpu"),
        RowName(KEY, MEMORY.request, window, "memory"),
    ]
    assert requests({KEY: policy()}) == {SeriesKey(KEY): policy().demand}


def test_a_row_follows_the_time_zone_of_its_policy() -> None:
    (row,) = row_names({KEY: policy(time_zone="Europe/Berlin")})
    assert row.time_zone == "Europe/Berlin"


def test_each_sample_is_censored_by_what_the_pods_give_of_it() -> None:
    """Four ready pods give 2 cores and 8 GiB."""
    readings = {OF_CPU: Measured(NOW, 2.0), OF_MEMORY: Measured(NOW, 5.0)}
    view = ClusterView({}, {}, {("shop", TARGET): workload()}, {}, {})
    assert samples({KEY: BOTH}, view, readings) == {OF_CPU: (2.0, True), OF_MEMORY: (5.0, False)}
    assert samples({KEY: BOTH}, view, {OF_CPU: BLIND, OF_MEMORY: Measured(NOW, 5.0)}) == {OF_MEMORY: (5.0, False)}


def test_the_largest_in_pods_is_the_demand_and_the_oldest_sample_its_age() -> None:
    readings = {OF_CPU: Measured(NOW, 3.2), OF_MEMORY: Measured(NOW - 30, 4.0)}
    assert joint_reading(BOTH, loads(KEY, BOTH, readings)) == Measured(NOW - 30, 6.4)


@pytest.mark.parametrize(
    ("cpu", "memory", "kind", "message"),
    [
        (BLIND, Measured(NOW, 4.0), MissingKind.NO_SERIES, "resource cpu: the query matches nothing"),
        (BLIND, TYPO, MissingKind.INVALID_QUERY, "resource memory: parse error"),
    ],
    ids=["one of two", "what a person must correct comes first"],
)
def test_what_is_missing_of_one_is_missing_of_all(
    cpu: Missing, memory: Measured | Missing, kind: MissingKind, message: str
) -> None:
    found = loads(KEY, BOTH, {OF_CPU: cpu, OF_MEMORY: memory})
    assert joint_reading(BOTH, found) == Missing(kind, message)


def test_a_single_demand_is_read_and_expected_as_it_is() -> None:
    alone = policy()
    found = forecasted(loads(KEY, alone, {SeriesKey(KEY): Measured(NOW, 90.0)}), lambda _: outlook(310.0))
    assert (joint_reading(alone, found), expected(alone, found)) == (Measured(NOW, 90.0), outlook(310.0))


def test_a_policy_that_appeared_while_others_were_read_was_not_asked() -> None:
    assert not was_asked(loads(KEY, BOTH, {OF_CPU: Measured(NOW, 1.0)}))
    assert was_asked(loads(KEY, BOTH, {OF_CPU: Measured(NOW, 1.0), OF_MEMORY: BLIND}))


def test_the_outlook_is_that_of_the_resources_that_have_one() -> None:
    found = forecasted(loads(KEY, BOTH, {}), {"cpu": outlook(3.0), "memory": None}.get)
    joint = expected(BOTH, found)
    assert joint is not None
    assert joint.lead == certain(6.0)
    assert expected(BOTH, loads(KEY, BOTH, {})) is None


def test_a_wrong_question_has_no_outlook() -> None:
    found = forecasted(loads(KEY, BOTH, {OF_CPU: TYPO, OF_MEMORY: BLIND}), lambda _: outlook(3.0))
    assert [load.outlook is None for load in found] == [True, False]
