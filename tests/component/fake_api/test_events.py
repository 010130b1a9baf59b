"""Events: complete for `kubectl describe`, merged when repeated, rationed, never a reason to fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.events import EventLimits, EventRecorder
from edgewarm.model.identity import Key
from edgewarm.model.view import Note
from support.fake_api import FakeApi

pytestmark = pytest.mark.component
NOTE = Note("WarmingPolicy", Key("shop", "checkout"), "uid-1", "Forecast", "scaling 4 -> 7 now")
NOW = 1_700_000_000.0


async def test_an_event_is_complete_for_kubectl_describe(api: FakeApi, client: ApiClient) -> None:
    await EventRecorder(client).record(NOTE, NOW)
    (event,) = api.objects("Event")
    assert event["involvedObject"] == {
        "apiVersion": "edgewarm.io/v1alpha1",
        "kind": "WarmingPolicy",
        "namespace": "shop",
        "name": "checkout",
        "uid": "uid-1",
    }
    assert event["metadata"]["namespace"] == "shop"
    assert (event["type"], event["reason"], event["message"]) == ("Normal", "Forecast", "scaling 4 -> 7 now")
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2023-11-14T22:13:20Z"
    assert event["source"] == {"component": "edgewarm"}


async def test_a_cluster_scoped_object_has_its_events_in_default(api: FakeApi, client: ApiClient) -> None:
    note = Note("EdgeNodePool", Key("", "edge"), "uid-2", "Paused", "over its budget", warning=True)
    await EventRecorder(client).record(note, NOW)
    (event,) = api.objects("Event")
    assert event["metadata"]["namespace"] == "default"
    assert "namespace" not in event["involvedObject"]
    assert event["type"] == "Warning"


async def test_repeats_are_counted_and_told_after_ten_minutes(api: FakeApi, client: ApiClient) -> None:
    recorder = EventRecorder(client)
    for minute in range(10):  # 0..9: one event
        await recorder.record(NOTE, NOW + 60 * minute)
    assert [r.verb for r in api.requests] == ["create"]
    await recorder.record(NOTE, NOW + 600)
    (event,) = api.objects("Event")
    assert event["count"] == 11
    assert event["lastTimestamp"] == "2023-11-14T22:23:20Z"
    assert event["firstTimestamp"] == "2023-11-14T22:13:20Z"


async def test_a_repeat_of_an_event_that_expired_is_a_new_event(api: FakeApi, client: ApiClient) -> None:
    recorder = EventRecorder(client)
    await recorder.record(NOTE, NOW)
    (event,) = api.objects("Event")
    api.delete("Event", "shop", event["metadata"]["name"])
    await recorder.record(NOTE, NOW + 3700)
    (event,) = api.objects("Event")
    assert event["count"] == 1


async def test_different_messages_are_different_events(api: FakeApi, client: ApiClient) -> None:
    recorder = EventRecorder(client)
    await recorder.record(NOTE, NOW)
    await recorder.record(replace(NOTE, message="scaling 7 -> 9 now"), NOW)
    assert len(api.objects("Event")) == 2


async def test_each_object_has_a_budget(api: FakeApi, client: ApiClient) -> None:
    recorder = EventRecorder(client, EventLimits(burst=3, refill_seconds=300))
    for number in range(5):
        await recorder.record(replace(NOTE, message=f"message {number}"), NOW)
    await recorder.record(replace(NOTE, uid="uid-9"), NOW)  # another object has its own
    assert len(api.objects("Event")) == 4
    assert recorder.dropped == 2
    await recorder.record(replace(NOTE, message="later"), NOW + 300)
    assert len(api.objects("Event")) == 5


async def test_a_failure_is_counted_and_not_raised_and_told_again(api: FakeApi, client: ApiClient) -> None:
    recorder = EventRecorder(client)
    api.fail(403, verbs=["create"])
    await recorder.record(NOTE, NOW)
    assert recorder.failed == 1
    await recorder.record(NOTE, NOW + 15)
    assert len(api.objects("Event")) == 1


async def test_long_messages_and_names_are_cut(api: FakeApi, client: ApiClient) -> None:
    note = replace(NOTE, key=Key("shop", "x" * 253), message="ä" * 1000)
    await EventRecorder(client).record(note, NOW)
    (event,) = api.objects("Event")
    assert len(event["message"].encode()) <= 1024
    assert event["message"].endswith("...")
    assert len(event["metadata"]["name"]) <= 253
