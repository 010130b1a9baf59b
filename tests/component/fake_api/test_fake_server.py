"""The fake keeps the promises of a real API server that the operator relies on."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from support.fake_api import FakeApi, FakeDeploymentController, Served
from support.fake_api.waiting import eventually

pytestmark = pytest.mark.component
POLICIES = "/apis/edgewarm.io/v1alpha1/namespaces/shop/warmingpolicies"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
HEAD = {"apiVersion": "edgewarm.io/v1alpha1", "kind": "WarmingPolicy"}


def policy(**spec: Any) -> dict[str, Any]:
    return {**HEAD, "metadata": {"name": "web"}, "spec": spec, "status": {"need": 1}}


async def call(
    api: FakeApi, method: str, path: str, body: Any = None, kind: str = "application/json"
) -> tuple[int, Any]:
    """Status and decoded body of one request."""
    data = None if body is None else msgspec.json.encode(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, api.url + path, data=data, headers={"Content-Type": kind}) as response,
    ):
        return response.status, msgspec.json.decode(await response.read())


async def test_create_fills_in_what_the_server_owns(api: FakeApi) -> None:
    status, made = await call(api, "POST", POLICIES, policy(mode="Act"))
    assert status == 201
    assert made["metadata"].items() >= {"name": "web", "namespace": "shop", "generation": 1}.items()
    assert made["metadata"]["uid"]
    assert "status" not in made  # a subresource of its own
    assert (await call(api, "POST", POLICIES, policy()))[0] == 409


async def test_generation_follows_spec_and_version_follows_everything(api: FakeApi) -> None:
    api.put({**policy(mode="Act"), "metadata": {"name": "web", "namespace": "shop"}})
    _, before = await call(api, "GET", f"{POLICIES}/web")
    _, same = await call(api, "PATCH", f"{POLICIES}/web", {"spec": {"mode": "Act"}}, MERGE)
    assert same["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    _, labelled = await call(api, "PATCH", f"{POLICIES}/web", {"metadata": {"labels": {"a": "b"}}}, MERGE)
    assert labelled["metadata"]["generation"] == 1
    _, changed = await call(api, "PATCH", f"{POLICIES}/web", {"spec": {"mode": "Observe"}}, MERGE)
    assert changed["metadata"]["generation"] == 2
    versions = [obj["metadata"]["resourceVersion"] for obj in (before, labelled, changed)]
    assert len(set(versions)) == 3


async def test_main_and_status_do_not_touch_each_other(api: FakeApi) -> None:
    api.put({**policy(mode="Act"), "metadata": {"name": "web", "namespace": "shop"}})
    both = {"spec": {"mode": "Observe"}, "status": {"need": 9}}
    _, main = await call(api, "PATCH", f"{POLICIES}/web", both, MERGE)
    assert (main["spec"]["mode"], main["status"]["need"]) == ("Observe", 1)
    _, status = await call(api, "PATCH", f"{POLICIES}/web/status", {**both, "spec": {"mode": "Act"}}, MERGE)
    assert (status["spec"]["mode"], status["status"]["need"]) == ("Observe", 9)


async def test_a_put_with_an_old_version_is_a_conflict(api: FakeApi) -> None:
    api.put({**policy(mode="Act"), "metadata": {"name": "web", "namespace": "shop"}})
    _, old = await call(api, "GET", f"{POLICIES}/web")
    assert (await call(api, "PUT", f"{POLICIES}/web", {**old, "spec": {"mode": "Observe"}}))[0] == 200
    assert (await call(api, "PUT", f"{POLICIES}/web", {**old, "spec": {"mode": "Act"}}))[0] == 409


async def test_two_managers_own_their_fields(api: FakeApi) -> None:
    api.put({**policy(), "metadata": {"name": "web", "namespace": "shop"}, "status": {}})

    async def apply(manager: str, status: dict[str, Any]) -> Any:
        path = f"{POLICIES}/web/status?fieldManager={manager}&force=true"
        return (await call(api, "PATCH", path, {**HEAD, "metadata": {"name": "web"}, "status": status}, APPLY))[1]

    await apply("one", {"a": 1, "shared": 1, "conditions": [{"type": "Ready", "status": "True"}]})
    await apply("two", {"shared": 1, "conditions": [{"type": "Other", "status": "True"}]})
    left = await apply("one", {"b": 2})
    assert left["status"] == {"b": 2, "shared": 1, "conditions": [{"type": "Other", "status": "True"}]}


async def test_a_refusing_schema_is_422_with_its_reason(api: FakeApi) -> None:
    api.validate("WarmingPolicy", lambda obj: None if obj["spec"].get("mode") else "spec.mode: Required value")
    status, body = await call(api, "POST", POLICIES, policy())
    assert (status, body["reason"]) == (422, "Invalid")
    assert "spec.mode: Required value" in body["message"]


async def test_what_is_owned_goes_with_its_owner(api: FakeApi) -> None:
    owner = api.put({**policy(), "metadata": {"name": "web", "namespace": "shop"}})
    reference = {"uid": owner["metadata"]["uid"], "kind": "WarmingPolicy", "name": "web"}
    meta = {"name": "d1", "namespace": "shop", "ownerReferences": [reference]}
    api.put({"kind": "ScalingDecision", "metadata": meta, "spec": {}})
    await call(api, "DELETE", f"{POLICIES}/web")
    assert api.objects("ScalingDecision") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("labelSelector=app%3Dweb", ["a", "b"]),
        ("labelSelector=app%3Dweb,tier!%3Dfront", ["b"]),
        ("labelSelector=app%20in%20(web,db)", ["a", "b", "c"]),
        ("labelSelector=!tier", ["b", "c"]),
        ("fieldSelector=metadata.name%3Dc", ["c"]),
        ("fieldSelector=spec.nodeName%3Dn1", ["a"]),
    ],
)
async def test_selectors(api: FakeApi, query: str, names: list[str]) -> None:
    for name, labels in (("a", {"app": "web", "tier": "front"}), ("b", {"app": "web"}), ("c", {"app": "db"})):
        spec = {"nodeName": "n1"} if name == "a" else {}
        api.put({"kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": spec})
    _, found = await call(api, "GET", f"/api/v1/pods?{query}")
    assert [item["metadata"]["name"] for item in found["items"]] == names


async def test_chunks_cover_the_list_once(api: FakeApi) -> None:
    for number in range(5):
        api.put({"kind": "Pod", "metadata": {"name": f"p{number}", "namespace": "shop"}})
    names, token = [], ""
    while True:
        _, page = await call(api, "GET", f"/api/v1/namespaces/shop/pods?limit=2&continue={token}")
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert names == ["p0", "p1", "p2", "p3", "p4"]


async def test_discovery_says_what_is_served(api: FakeApi) -> None:
    api.serve(Served("example.com", "v1", "things", "Thing"))
    _, groups = await call(api, "GET", "/apis")
    assert "example.com" in [group["name"] for group in groups["groups"]]
    _, listed = await call(api, "GET", "/apis/example.com/v1")
    assert [resource["name"] for resource in listed["resources"]] == ["things", "things/status"]
    assert (await call(api, "GET", "/apis/nowhere/v1/things"))[0] == 404


async def test_a_closed_connection_is_no_longer_a_watcher(api: FakeApi) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{api.url}/api/v1/pods?watch=true"):
        await eventually(lambda: api.watchers("pods") == 1)
    await eventually(lambda: api.watchers("pods") == 0)
    assert [request.verb for request in api.requests] == ["watch"]


async def test_a_watch_ends_after_its_time(api: FakeApi) -> None:
    url = f"{api.url}/api/v1/pods?watch=true&timeoutSeconds=0.05"
    async with asyncio.timeout(5), aiohttp.ClientSession() as session, session.get(url) as response:
        assert await response.read() == b""


async def test_pods_follow_replicas_and_become_ready_in_their_time(api: FakeApi) -> None:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}}
    api.put({"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    controller = FakeDeploymentController(api, delay=30)

    def counts() -> tuple[int, int]:
        status = (api.get("Deployment", "shop", "web") or {})["status"]
        return status["replicas"], status["readyReplicas"]

    controller.tick(0.0)
    assert counts() == (2, 0)
    controller.tick(29.9)
    assert counts() == (2, 0)
    controller.tick(30.0)
    assert counts() == (2, 2)
    api.put({"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {**spec, "replicas": 3}})
    controller.tick(40.0)
    assert counts() == (3, 2)
    api.put({"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {**spec, "replicas": 2}})
    controller.tick(41.0)  # the pod that is not Ready goes first
    assert counts() == (2, 2)
    api.delete("Deployment", "shop", "web")
    assert api.objects("Pod") == []
