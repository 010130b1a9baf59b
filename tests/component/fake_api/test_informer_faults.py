"""The informer against every way in which a watch can lie, stop or die."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.informer import Informer, Timing
from edgewarm.cluster.resources import PODS, SCALED_OBJECTS
from edgewarm.model.identity import Key
from support.fake_api import FakeApi
from support.fake_api.served import SCALED_OBJECTS as SERVED_SCALED_OBJECTS
from support.fake_api.waiting import eventually

pytestmark = pytest.mark.component
Run = Callable[[Informer[Any]], asyncio.Task[None]]


def pod(name: str, color: str = "red") -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": {"color": color}}, "spec": {}}


def color(raw: msgspec.Raw | bytes) -> str:
    return str(msgspec.json.decode(raw)["metadata"]["labels"]["color"])


class Follow:
    """An informer of pods by colour, with a record of its changes."""

    def __init__(self, client: ApiClient, timing: Timing) -> None:
        self.changes: list[tuple[str | None, str | None]] = []
        self.informer = Informer(client, PODS, color, timing, lambda old, new: self.changes.append((old, new)))

    @property
    def colors(self) -> dict[str, str]:
        return {key.name: value for key, value in self.informer.objects.items()}


@pytest.fixture
def follow(client: ApiClient, timing: Timing) -> Follow:
    return Follow(client, timing)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as told:
        yield told


async def running(api: FakeApi, follow: Follow, run: Run) -> None:
    """Synced, and the watch open."""
    run(follow.informer)
    await follow.informer.wait_synced()
    await eventually(lambda: api.watchers("pods") == 1)


async def sees(api: FakeApi, follow: Follow, name: str) -> None:
    """A pod created now arrives: the informer is alive."""
    api.put(pod(name, "live"))
    await eventually(lambda: follow.colors.get(name) == "live")


async def test_a_list_is_read_page_by_page(api: FakeApi, follow: Follow, run: Run) -> None:
    for number in range(7):  # pages of 3: 3 + 3 + 1
        api.put(pod(f"p{number}"))
    await running(api, follow, run)
    assert len(follow.colors) == 7
    assert [r.query.get("limit") for r in api.requests if r.verb == "list"] == ["3", "3", "3"]
    assert follow.informer.age(1_000_010.0) == 10.0


async def test_changes_arrive_as_old_and_new(api: FakeApi, follow: Follow, run: Run) -> None:
    api.put(pod("a"))
    await running(api, follow, run)
    api.put(pod("a", "blue"))
    api.put(pod("b"))
    api.delete("Pod", "shop", "a")
    await eventually(lambda: follow.colors == {"b": "red"})
    assert follow.changes == [(None, "red"), ("red", "blue"), (None, "red"), ("blue", None)]


async def test_a_snapshot_does_not_change_under_its_reader(api: FakeApi, follow: Follow, run: Run) -> None:
    api.put(pod("a"))
    await running(api, follow, run)
    before = follow.informer.objects
    assert follow.informer.objects is before  # nothing changed, nothing was copied
    api.put(pod("b"))
    await eventually(lambda: len(follow.informer.objects) == 2)
    assert set(before) == {Key("shop", "a")}


async def test_an_object_deleted_in_a_gap_that_ends_in_410_disappears(api: FakeApi, follow: Follow, run: Run) -> None:
    api.put(pod("a"))
    api.put(pod("b"))
    await running(api, follow, run)
    api.fail(503, times=1, verbs=["watch"])  # keeps the gap open while the history is forgotten
    api.drop_watches()
    api.delete("Pod", "shop", "a")
    api.compact()
    await eventually(lambda: follow.colors == {"b": "red"})
    assert follow.changes[-1] == ("red", None)
    assert follow.changes.count((None, "red")) == 2  # b was not reported again


async def test_410_as_http_status_relists(api: FakeApi, follow: Follow, run: Run, logs: list[Any]) -> None:
    await running(api, follow, run)
    api.fail(410, verbs=["watch"])
    api.close_watches()
    await eventually(lambda: len([r for r in api.requests if r.verb == "list"]) == 2)
    await sees(api, follow, "after")
    assert follow.colors == {"after": "live"}
    assert logs == []  # once is how it goes, and no trouble


@pytest.mark.parametrize("code", [500, 504, 429, 403, 0])
async def test_an_error_event_of_any_code_is_survived(api: FakeApi, follow: Follow, run: Run, code: int) -> None:
    await running(api, follow, run)
    api.watch_error(code)
    await sees(api, follow, "after")
    assert len([r for r in api.requests if r.verb == "list"]) == 1  # resumed, not listed again


async def test_error_events_without_end_lead_to_a_new_list(api: FakeApi, follow: Follow, run: Run) -> None:
    await running(api, follow, run)
    for _ in range(3):
        await eventually(lambda: api.watchers("pods") == 1)
        api.watch_error(500)
        await eventually(lambda: api.watchers("pods") == 0)
    await eventually(lambda: len([r for r in api.requests if r.verb == "list"]) == 2)
    await sees(api, follow, "after")
    assert follow.colors == {"after": "live"}


async def test_a_half_open_watch_is_noticed(
    api: FakeApi, client: ApiClient, clock: Callable[[], float], timing: Timing, run: Run
) -> None:
    follow = Follow(client, replace(timing, idle_seconds=0.1))
    await running(api, follow, run)
    api.freeze_watches()
    api.put(pod("unheard"))
    await eventually(lambda: "unheard" in follow.colors)
    assert len([r for r in api.requests if r.verb == "watch"]) >= 2  # the dead one was given up


async def test_a_storm_of_503_is_survived_and_the_objects_stay(
    api: FakeApi, follow: Follow, run: Run, naps: Any
) -> None:
    api.put(pod("a"))
    await running(api, follow, run)
    storm = api.fail(503, times=8)
    api.drop_watches()
    await eventually(lambda: storm.times == 0)
    assert follow.colors == {"a": "red"}
    await sees(api, follow, "after")
    # base 1 s doubling to the cap of 30 s, each times 0.5 to 1
    assert all(0.5 * min(30, 2**i) <= nap <= min(30, 2**i) for i, nap in enumerate(naps.asked[:8]))


async def test_a_dropped_connection_resumes_without_a_list(api: FakeApi, follow: Follow, run: Run) -> None:
    await running(api, follow, run)
    api.drop_watches()
    await sees(api, follow, "after")
    assert len([r for r in api.requests if r.verb == "list"]) == 1


async def test_a_bookmark_moves_the_version_to_resume_from(api: FakeApi, follow: Follow, run: Run) -> None:
    await running(api, follow, run)
    for number in range(3):
        api.put({"kind": "Node", "metadata": {"name": f"n{number}"}})
    version = api.store.version
    api.bookmark("pods")
    api.close_watches("pods")
    await eventually(lambda: [r.query["resourceVersion"] for r in api.requests if r.verb == "watch"][1:])
    assert [r.query["resourceVersion"] for r in api.requests if r.verb == "watch"][1] == str(version)


async def test_an_expired_continue_token_restarts_the_list(api: FakeApi, follow: Follow, run: Run) -> None:
    for number in range(7):
        api.put(pod(f"p{number}"))
    api.fail(None, times=1, verbs=["list"])  # the first page passes
    api.fail(410, times=1, verbs=["list"], message="the provided continue parameter is too old")
    await running(api, follow, run)
    assert len(follow.colors) == 7
    # first page, 410 on the second, then 3 pages from the start
    assert [bool(r.query.get("continue")) for r in api.requests if r.verb == "list"] == [False, True, False, True, True]


async def test_a_list_whose_tokens_always_expire_is_read_in_one_piece(api: FakeApi, follow: Follow, run: Run) -> None:
    for number in range(7):
        api.put(pod(f"p{number}"))
    for _ in range(2):
        api.fail(None, times=1, verbs=["list"])
        api.fail(410, times=1, verbs=["list"])
    await running(api, follow, run)
    assert len(follow.colors) == 7
    assert "limit" not in [r for r in api.requests if r.verb == "list"][-1].query


async def test_a_kind_that_is_not_installed_is_empty_and_looked_for_again(
    api: FakeApi, client: ApiClient, timing: Timing, run: Run, naps: Any
) -> None:
    informer = Informer(client, SCALED_OBJECTS, lambda raw: bytes(raw), timing)
    run(informer)
    await informer.wait_synced()
    assert informer.objects == {}
    api.serve(SERVED_SCALED_OBJECTS)
    api.put({"kind": "ScaledObject", "metadata": {"name": "web", "namespace": "shop"}, "spec": {}})
    await eventually(lambda: Key("shop", "web") in informer.objects)
    assert 60.0 in naps.asked


async def test_a_kind_that_is_removed_becomes_empty_after_three_answers(
    api: FakeApi, client: ApiClient, timing: Timing, run: Run
) -> None:
    api.serve(SERVED_SCALED_OBJECTS)
    api.put({"kind": "ScaledObject", "metadata": {"name": "web", "namespace": "shop"}, "spec": {}})
    informer = Informer(client, SCALED_OBJECTS, lambda raw: bytes(raw), timing)
    run(informer)
    await eventually(lambda: api.watchers("scaledobjects") == 1 and informer.objects)
    api.unserve(SERVED_SCALED_OBJECTS)
    await eventually(lambda: informer.objects == {})
    refused = [r for r in api.requests if r.path.endswith("scaledobjects") and r.status == 404]
    assert len(refused) >= 3


async def test_one_404_of_a_starting_server_deletes_nothing(api: FakeApi, follow: Follow, run: Run) -> None:
    api.put(pod("a"))
    await running(api, follow, run)
    hiccup = api.fail(404, times=2)
    api.close_watches()
    await eventually(lambda: hiccup.times == 0)
    await sees(api, follow, "after")
    assert ("red", None) not in follow.changes


async def test_an_object_that_cannot_be_decoded_is_skipped_and_the_others_go_on(
    api: FakeApi, follow: Follow, run: Run
) -> None:
    api.put(pod("a"))
    api.put({"kind": "Pod", "metadata": {"name": "bare", "namespace": "shop"}})
    await running(api, follow, run)
    assert follow.colors == {"a": "red"}
    api.put({"kind": "Pod", "metadata": {"name": "bare2", "namespace": "shop"}})
    api.put({"kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}})  # known, now unreadable: it stays
    await sees(api, follow, "after")
    assert follow.colors == {"a": "red", "after": "live"}


async def test_the_api_server_may_go_away_and_come_back(
    api: FakeApi, follow: Follow, run: Run, logs: list[Any]
) -> None:
    api.put(pod("a"))
    await running(api, follow, run)
    await api.stop()
    await eventually(lambda: "informer backs off" in {one["event"] for one in logs})
    api.delete("Pod", "shop", "a")
    api.compact()
    await api.start()
    await eventually(lambda: follow.colors == {})
    await sees(api, follow, "after")
    assert follow.changes.count(("red", None)) == 1  # the deletion in the gap was reported, once


async def test_expired_credentials_are_read_again(
    api: FakeApi, follow: Follow, run: Run, tmp_path: Path, counted: list[tuple[str, str, int]]
) -> None:
    api.valid_tokens = {api.token}
    await running(api, follow, run)
    api.token = "renewed"
    api.valid_tokens = {api.token}
    api.kubeconfig(tmp_path / "kubeconfig")
    api.drop_watches()
    await sees(api, follow, "after")
    assert ("watch", "pods", 401) in counted


async def test_a_refusal_names_verb_and_resource_and_is_not_the_end(
    api: FakeApi, follow: Follow, run: Run, logs: list[Any], clock: Any
) -> None:
    refusal = api.fail(403, times=5, verbs=["list"], message='pods is forbidden: User "x" cannot list resource "pods"')
    run(follow.informer)
    await eventually(lambda: len(logs) > 1)
    assert {(one["log_level"], one["kind"]) for one in logs} == {("warning", "Pod")}
    assert "list pods" in logs[0]["error"]
    assert not follow.informer.synced
    assert follow.informer.age(clock.now) == math.inf
    await eventually(lambda: refusal.times == 0)
    await follow.informer.wait_synced()
    assert follow.informer.age(clock.now) == 0.0


async def test_an_accepted_watch_is_a_sign_of_life(api: FakeApi, follow: Follow, run: Run, clock: Any) -> None:
    await running(api, follow, run)
    cut = api.fail(503, verbs=["watch"])
    clock.now += 60
    api.drop_watches()
    await eventually(lambda: cut.times == 0 and api.watchers("pods") == 1)
    await eventually(lambda: follow.informer.age(clock.now) == 0.0)
    clock.now += 60
    api.drop_watches()
    await eventually(lambda: follow.informer.age(clock.now) == 0.0)
    assert follow.informer.synced
    assert follow.informer.age(clock.now) == 0.0
    assert follow.changes == []  # no event came that would be a sign too


async def test_a_watch_event_longer_than_any_buffer_arrives(api: FakeApi, follow: Follow, run: Run) -> None:
    await running(api, follow, run)
    big = pod("big", "live")
    big["metadata"]["annotations"] = {"note": "x" * 1_000_000}
    api.put(big)
    await eventually(lambda: follow.colors.get("big") == "live")
    assert follow.changes == [(None, "live")]
    assert len([r for r in api.requests if r.verb == "list"]) == 1  # by the watch that was open
