"""A WarmingPolicy from the wire: right ones become a Policy, wrong ones a sentence that names the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.api.parse import parse_policy
from edgewarm.model.demand import DemandRequest
from edgewarm.model.identity import Key, Split, TargetRef
from edgewarm.model.policy import (
    SCALE_DOWN_DEFAULT,
    SCALE_UP_DEFAULT,
    Bounds,
    Fallback,
    Mode,
    Pace,
    Policy,
    RateLimit,
    RateUnit,
    Resource,
    Schedule,
    Select,
    Strategy,
)
from edgewarm.model.rungs import ImageTerms
from support.wrong_data import WRONG_ABOUT_DATA
from support.wrong_policies import RIGHT_POLICY, WRONG_POLICIES, WrongPolicy, merged
from support.wrong_pools import WRONG_ABOUT_POOLS
from support.wrong_rungs import WRONG_RUNGS

pytestmark = pytest.mark.unit


def parsed(change: dict[str, Any]) -> Policy:
    found = parse_policy(merged(RIGHT_POLICY, change))
    assert found.problem is None
    assert found.policy is not None
    return found.policy


def spec(**fields: Any) -> Policy:
    return parsed({"spec": fields})


def test_without_server_defaulting_the_documented_defaults_hold() -> None:
    expected = Policy(
        target=TargetRef("apps/v1", "Deployment", "checkout"),
        demand=DemandRequest("default", query='sum(rate(http_requests_total{app="checkout"}[1m]))'),
        capacity_per_pod=50.0,
    )
    assert parsed({}) == expected
    assert (expected.scale_up, expected.scale_down) == (SCALE_UP_DEFAULT, SCALE_DOWN_DEFAULT)


def test_metadata_becomes_identity() -> None:
    meta = {"uid": "u-1", "generation": 3, "creationTimestamp": "1970-01-01T00:01:00Z"}
    found = parse_policy(merged(RIGHT_POLICY, {"metadata": meta}))
    assert (found.key, found.uid, found.generation, found.created_at) == (Key("default", "right"), "u-1", 3, 60.0)


def test_every_field_arrives_in_its_unit() -> None:
    policy = spec(
        mode="Act",
        poolRef={"name": "north"},
        timeZone="Europe/Berlin",
        objective={"kappa": "2500m"},
        forecast={"historyWindow": "168h", "predictionHorizon": "1m30s", "confidenceThreshold": "80%"},
        fallback={"replicas": 4, "after": "10m"},
        scaling={
            "strategy": "Reactive",
            "minReplicas": 2,
            "maxReplicas": 20,
            "scaleUpUtilization": "90%",
            "scaleDownUtilization": "400m",
        },
    )
    assert (policy.mode, policy.strategy, policy.bounds) == (Mode.ACT, Strategy.REACTIVE, Bounds(2, 20))
    assert (policy.pool, policy.confidence_threshold) == ("north", 0.8)
    assert (policy.kappa, policy.fallback) == (2.5, Fallback(4, 600.0))
    assert (policy.history_window_seconds, policy.prediction_horizon_seconds) == (604800.0, 90.0)
    assert (policy.scale_up_utilization, policy.scale_down_utilization) == (0.9, 0.4)


@pytest.mark.parametrize(
    ("written", "capacity"), [("50", 50.0), (50, 50.0), ("0.4", 0.4), ("400m", 0.4), ("1k", 1000.0)]
)
def test_a_fraction_of_capacity_stays_a_fraction(written: str | int, capacity: float) -> None:
    assert spec(demand={"capacityPerPod": written}).capacity_per_pod == capacity


def test_a_template_carries_its_arguments_sorted() -> None:
    arguments = [{"name": "route", "value": "/pay"}, {"name": "app", "value": "checkout"}]
    policy = spec(demand={"query": None, "source": "edge", "template": {"name": "http", "arguments": arguments}})
    labels = (("app", "checkout"), ("route", "/pay"))
    assert policy.demand == DemandRequest("default", "edge", None, "http", labels)


def test_resources_stand_beside_the_query_or_instead_of_it() -> None:
    query, cpu = (
        'sum(rate(http_requests_total{app="checkout"}[1m]))',
        {"name": "cpu", "query": "cores", "perPod": "500m"},
    )
    memory = {"name": "memory", "template": {"name": "bytes"}, "perPod": "2Gi"}
    main = Resource("demand", DemandRequest("default", query=query), 50.0)
    rest = (
        Resource("cpu", DemandRequest("default", query="cores"), 0.5),
        Resource("memory", DemandRequest("default", template="bytes"), 2.0**31, "Gi"),
    )
    beside = spec(demand={"resources": [cpu, memory]})
    instead = spec(demand={"query": None, "capacityPerPod": None, "resources": [cpu, memory]})
    assert (beside.series, beside.demand, beside.capacity_per_pod) == ((main, *rest), main.request, 1.0)
    assert (instead.series, instead.demand, instead.capacity_per_pod) == (rest, rest[0].request, 1.0)


def test_the_time_zone_of_a_policy_is_that_of_its_forecast() -> None:
    assert (spec(timeZone="Europe/Berlin").time_zone, spec().time_zone) == ("Europe/Berlin", "UTC")


def test_a_label_splits_the_demand_and_not_the_resources() -> None:
    cpu = {"name": "cpu", "query": "cores", "perPod": "500m"}
    policy = spec(demand={"labels": {"requestType": "route", "node": "instance"}, "resources": [cpu]})
    split = ((Split.NODE, "instance"), (Split.REQUEST_TYPE, "route"))
    assert [one.request.split for one in policy.series] == [split, ()]


def test_a_demand_without_resources_is_its_only_series() -> None:
    policy = spec()
    assert (policy.series, policy.resources) == ((Resource("demand", policy.demand, 50.0),), ())


@pytest.mark.parametrize(
    ("rungs", "image"),
    [
        pytest.param(None, ImageTerms(0.01, 1800.0), id="unsaid: held where a pool is, in mode Act"),
        pytest.param({}, ImageTerms(0.01, 1800.0), id="other rungs are spoken of"),
        pytest.param({"image": {}}, ImageTerms(0.01, 1800.0, asked=True), id="asked for: in every mode that may"),
        pytest.param(
            {"image": {"holdingCost": "2%", "ttl": "1h"}}, ImageTerms(0.02, 3600.0, asked=True), id="all of it"
        ),
        pytest.param({"image": {"enabled": False}}, None, id="not wanted"),
    ],
)
def test_images_are_held_unless_the_policy_says_otherwise(rungs: Any, image: ImageTerms | None) -> None:
    assert spec(rungs=rungs, poolRef={"name": "edge"}).rungs.image == image


def test_a_partial_behavior_keeps_the_other_defaults_of_hpa_v2() -> None:
    limits = [{"type": "Pods", "value": 2, "periodSeconds": 60}]
    policy = spec(scaling={"behavior": {"scaleDown": {"policies": limits}, "scaleUp": {"selectPolicy": "Disabled"}}})
    assert policy.scale_down == Pace(300.0, Select.MAX, (RateLimit(RateUnit.PODS, 2, 60.0),))
    assert policy.scale_up == Pace(0.0, Select.DISABLED, SCALE_UP_DEFAULT.limits)


@pytest.mark.parametrize("seconds", [0, 300])
def test_a_scale_down_window_that_is_stated_is_told_from_the_default(seconds: int) -> None:
    stated = spec(scaling={"behavior": {"scaleDown": {"stabilizationWindowSeconds": seconds}}}).scale_down
    assert (stated.stabilization_seconds, stated.stated) == (float(seconds), True)
    assert (spec().scale_down.stabilization_seconds, spec().scale_down.stated) == (300.0, False)


def test_a_schedule_takes_the_zone_of_the_policy_unless_it_has_its_own() -> None:
    here = {"name": "here", "start": "0 8 * * *", "end": "0 18 * * *", "min": 3}
    there = {"name": "there", "start": "0 8 * * *", "end": "0 18 * * *", "max": 9, "timeZone": "Asia/Tokyo"}
    assert spec(timeZone="Europe/Berlin", schedules=[here, there]).schedules == (
        Schedule("here", "Europe/Berlin", "0 8 * * *", "0 18 * * *", 3, None),
        Schedule("there", "Asia/Tokyo", "0 8 * * *", "0 18 * * *", None, 9),
    )


@pytest.mark.parametrize(
    ("in_spec", "in_annotation", "until"),
    [
        pytest.param(None, None, None, id="not paused"),
        pytest.param("1970-01-01T00:00:10Z", None, 10.0, id="paused by the spec"),
        pytest.param(None, "1970-01-01T00:00:20Z", 20.0, id="paused by the annotation"),
        pytest.param("1970-01-01T00:00:10Z", "1970-01-01T00:00:20Z", 20.0, id="the annotation is later"),
        pytest.param("1970-01-01T00:00:30Z", "1970-01-01T00:00:20Z", 30.0, id="the spec is later"),
    ],
)
def test_the_later_pause_counts(in_spec: str | None, in_annotation: str | None, until: float | None) -> None:
    annotations = {"annotations": {"edgewarm.io/paused-until": in_annotation}}
    assert parsed({"metadata": annotations, "spec": {"pausedUntil": in_spec}}).paused_until == until


def test_a_field_of_a_newer_crd_is_passed_over() -> None:
    assert spec(notYetKnown={"some": 10}) == parsed({})


ROWS = (*WRONG_POLICIES, *WRONG_ABOUT_POOLS, *WRONG_ABOUT_DATA, *WRONG_RUNGS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_wrong_policy_becomes_a_problem(row: WrongPolicy) -> None:
    found = parse_policy(row.manifest())
    assert found.policy is None
    assert (row.operator_sentence or row.sentence) in (found.problem or "")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({}, "spec.targetRef is required (and 1 more)"),
        ({"spec": 4}, "spec must be an object, found 4"),
        ({"spec": {"targetRef": None, "demand": []}}, "spec.targetRef must be an object, found null (and 1 more)"),
    ],
)
def test_nothing_that_a_user_can_write_raises(broken: dict[str, Any], problem: str) -> None:
    assert parse_policy(broken).problem == problem


def test_a_problem_keeps_status_and_conditions() -> None:
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "Invalid",
        "message": "m",
        "lastTransitionTime": "1970-01-01T00:00:05Z",
        "observedGeneration": 2,
    }
    status = {"conditions": [condition, {"type": "Broken"}, "nonsense"], "need": 3}
    found = parse_policy({**RIGHT_POLICY, "spec": {}, "status": status})
    assert found.status == status
    assert [(c.kind, c.status, c.since, c.generation) for c in found.conditions] == [("Ready", "False", 5.0, 2)]
