"""The operator's own metrics: names, values, and that nothing stays behind."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgewarm.model.identity import Key, Part, Split
from edgewarm.model.numbers import PolicyNumbers, ResourceNumbers
from edgewarm.telemetry.catalog import METRICS, Type
from edgewarm.telemetry.metrics import Metrics

pytestmark = pytest.mark.unit

WEB = Key("shop", "web")
API = Key("shop", "api")
FULL = PolicyNumbers(310.5, 7, 4, 7, False, {0.5: 280.0, 0.9: 310.0}, {0.5: 40.0, 0.9: 62.0})


Shown = dict[tuple[str, str], float]


def shown(metrics: Metrics) -> Shown:
    """(name, "label=value ..." sorted by label) -> value of everything that is ours."""
    text = metrics.exposition()[0].decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    ours = [sample for sample in samples if sample.name.startswith("edgewarm_")]
    return {(s.name, " ".join(f"{k}={v}" for k, v in sorted(s.labels.items()))): s.value for s in ours}


def of(metrics: Metrics, key: Key) -> Shown:
    """What is shown of one policy, without the labels that say so."""
    mine = {f"namespace={key.namespace}", f"policy={key.name}"}
    found = {(name, frozenset(labels.split())): value for (name, labels), value in shown(metrics).items()}
    return {(name, " ".join(sorted(ls - mine))): value for (name, ls), value in found.items() if mine <= ls}


def test_every_number_of_a_policy_has_its_series():
    metrics = Metrics("1.2.3")
    metrics.policy(WEB, FULL)
    assert of(metrics, WEB) == {
        ("edgewarm_demand", ""): 310.5,
        ("edgewarm_need_pods", ""): 7,
        ("edgewarm_ready_pods", ""): 4,
        ("edgewarm_wanted_pods", ""): 7,
        ("edgewarm_blind", ""): 0,
        ("edgewarm_forecast_demand", "quantile=0.5"): 280,
        ("edgewarm_forecast_demand", "quantile=0.9"): 310,
        ("edgewarm_lead_time_seconds", "quantile=0.5"): 40,
        ("edgewarm_lead_time_seconds", "quantile=0.9"): 62,
    }


def test_a_policy_with_resources_has_the_numbers_of_each():
    metrics = Metrics("1.2.3")
    cpu, memory = ResourceNumbers(3.2, {0.5: 3.0, 0.9: 3.9}), ResourceNumbers(None, {})
    metrics.policy(WEB, PolicyNumbers(need=7, blind=True, resources={"cpu": cpu, "memory": memory}))
    assert of(metrics, WEB) == {
        ("edgewarm_need_pods", ""): 7,
        ("edgewarm_blind", ""): 1,
        ("edgewarm_resource_demand", "resource=cpu"): 3.2,
        ("edgewarm_resource_forecast_demand", "quantile=0.5 resource=cpu"): 3.0,
        ("edgewarm_resource_forecast_demand", "quantile=0.9 resource=cpu"): 3.9,
    }
    metrics.policy(WEB, PolicyNumbers(blind=False))
    assert of(metrics, WEB) == {("edgewarm_blind", ""): 0}


def on(node: str) -> Part:
    return Part(Split.NODE, node)


def test_the_parts_of_other_labels_say_by_what_they_are_parts():
    metrics = Metrics("1.2.3")
    metrics.policy(WEB, PolicyNumbers(parts={Part(Split.REQUEST_TYPE, "cart"): ResourceNumbers(3.0, {0.9: 4.0})}))
    assert of(metrics, WEB) == {
        ("edgewarm_blind", ""): 0,
        ("edgewarm_part_demand", "by=requestType value=cart"): 3.0,
        ("edgewarm_part_forecast_demand", "by=requestType quantile=0.9 value=cart"): 4.0,
    }


def test_a_node_that_goes_takes_its_series_along():
    metrics = Metrics("1.2.3")
    metrics.policy(
        WEB, PolicyNumbers(parts={on("a"): ResourceNumbers(30.0, {0.5: 35.0}), on("b"): ResourceNumbers(60.0)})
    )
    assert of(metrics, WEB) == {
        ("edgewarm_blind", ""): 0,
        ("edgewarm_node_demand", "node=a"): 30.0,
        ("edgewarm_node_demand", "node=b"): 60.0,
        ("edgewarm_node_forecast_demand", "node=a quantile=0.5"): 35.0,
    }
    metrics.policy(WEB, PolicyNumbers(parts={on("b"): ResourceNumbers(60.0)}))
    assert of(metrics, WEB) == {("edgewarm_blind", ""): 0, ("edgewarm_node_demand", "node=b"): 60.0}


def test_what_is_no_longer_known_has_no_series_and_zero_has_one():
    metrics = Metrics("1.2.3")
    metrics.policy(WEB, FULL)
    metrics.policy(WEB, PolicyNumbers(ready=0, blind=True))
    assert of(metrics, WEB) == {("edgewarm_ready_pods", ""): 0, ("edgewarm_blind", ""): 1}


def test_decisions_are_counted_by_reason_and_mode_and_outlive_blindness():
    metrics = Metrics("1.2.3")
    metrics.decided(WEB, "Forecast", "Act")
    metrics.decided(WEB, "Forecast", "Act")
    metrics.decided(WEB, "MaxReplicas", "Act")
    metrics.policy(WEB, PolicyNumbers())
    assert of(metrics, WEB) == {
        ("edgewarm_decisions_total", "mode=Act reason=Forecast"): 2,
        ("edgewarm_decisions_total", "mode=Act reason=MaxReplicas"): 1,
        ("edgewarm_blind", ""): 0,
    }


def test_all_series_go_with_their_policy_and_only_those():
    metrics = Metrics("1.2.3")
    for key in (WEB, API):
        metrics.policy(key, FULL)
        metrics.decided(key, "Forecast", "Act")
    metrics.forget(WEB)
    metrics.forget(WEB)
    assert of(metrics, WEB) == {}
    assert len(of(metrics, API)) == 10
    metrics.retain([])
    assert of(metrics, API) == {}


def test_a_policy_that_comes_back_starts_from_nothing():
    metrics = Metrics("1.2.3")
    metrics.decided(WEB, "Forecast", "Act")
    metrics.forget(WEB)
    metrics.decided(WEB, "Forecast", "Act")
    assert of(metrics, WEB) == {("edgewarm_decisions_total", "mode=Act reason=Forecast"): 1}


def test_what_happens_to_the_operator_is_counted():
    metrics = Metrics("1.2.3")
    metrics.passed(0.3, 1000.0, overrun=False)
    metrics.passed(20.0, 1020.0, overrun=True)
    metrics.policies({"ready": 3, "blind": 1})
    metrics.api_request("PATCH", "deployments/scale", "200")
    metrics.source_error("prom", "timeout")
    metrics.source_query("prom", 0.02, 40)
    metrics.model_fit("ARIMA", "timeout", 60.0)
    values = shown(metrics)
    expected = {
        ("edgewarm_pass_duration_seconds_count", ""): 2,
        ("edgewarm_pass_duration_seconds_sum", ""): 20.3,
        ("edgewarm_pass_duration_seconds_bucket", "le=0.5"): 1,
        ("edgewarm_pass_overruns_total", ""): 1,
        ("edgewarm_last_pass_timestamp_seconds", ""): 1020,
        ("edgewarm_policies", "state=ready"): 3,
        ("edgewarm_policies", "state=blind"): 1,
        ("edgewarm_policies", "state=stalled"): 0,
        ("edgewarm_api_requests_total", "code=200 resource=deployments/scale verb=PATCH"): 1,
        ("edgewarm_source_errors_total", "kind=timeout source=prom"): 1,
        ("edgewarm_source_query_duration_seconds_count", "source=prom"): 1,
        ("edgewarm_source_answered_series_total", "source=prom"): 40,
        ("edgewarm_model_fits_total", "model=ARIMA outcome=timeout"): 1,
        ("edgewarm_model_fit_duration_seconds_sum", "model=ARIMA"): 60,
        ("edgewarm_build_info", "version=1.2.3"): 1,
    }
    assert {name: values.get(name) for name in expected} == expected


def test_an_unknown_state_is_a_bug():
    with pytest.raises(ValueError, match="states are ready, waiting, blind, stalled, got lost"):
        Metrics("1.2.3").policies({"lost": 1})


def test_nothing_is_shown_that_the_table_does_not_hold():
    metrics = Metrics("1.2.3")
    families = {family.name for family in text_string_to_metric_families(metrics.exposition()[0].decode())}
    ours = {name for name in families if name.startswith("edgewarm_")}
    assert ours <= {metric.name.removesuffix("_total") for metric in METRICS}
    assert any(name.startswith("python_info") for name in families)


def test_the_process_is_measured_too():
    assert b"process_start_time_seconds" in Metrics("1.2.3").exposition()[0]


def test_two_registries_live_side_by_side():
    one, two = Metrics("1"), Metrics("2")
    one.policy(WEB, FULL)
    assert of(two, WEB) == {}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
)
def test_the_scraper_chooses_the_format(accept, content_type):
    assert Metrics("1").exposition(accept)[1].startswith(content_type)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric):
    assert re.fullmatch(r"edgewarm_[a-z][a-z_]*[a-z]", metric.name)
    assert metric.name.endswith("_total") == (metric.type is Type.COUNTER)
    assert bool(metric.buckets) == (metric.type is Type.HISTOGRAM)
    assert metric.help.endswith(".")
    assert list(metric.buckets) == sorted(metric.buckets)


def test_each_name_stands_in_the_table_once():
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))
