"""Files on claims, by the whole operator over a fake API server: fetched by a pod of a class, one after the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.ladder import every_rung
from edgewarm.model.fetchers import FetcherClass
from support.fake_api.merging import Json
from support.operator_world import SHOP, OperatorWorld

pytestmark = pytest.mark.component

DIGEST = f"sha256:{'d' * 64}"
CLASS = FetcherClass("files", "operator:1", ("files.example", "*.cdn.example"), 2**31, 10**6, 2**28, frozenset({SHOP}))
CLAIM = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}


def item(name: str = "table", digest: str = DIGEST, **file: str) -> Json:
    source = {"url": f"https://files.example/{name}.bin", "fetcher": "files", "claim": "models", **file}
    return {"name": name, "source": {"file": source}, "digest": digest, "size": "1Gi"}


async def running(
    world: OperatorWorld, *items: Json, claim: Json = CLAIM, fetcher: FetcherClass = CLASS, **spec: Any
) -> OperatorWorld:
    world.rungs = every_rung({fetcher.name: fetcher})
    world.deployment(replicas=2, image="web:1")
    template = {"spec": {"containers": [{"name": "web", "image": "web:1"}], "volumes": [claim]}}
    world.change("Deployment", "checkout", template=template)
    world.asked["checkout"] = lambda at: 80.0
    world.policy(rungs={"data": {"storage": "4Gi", "ttl": "5m"}}, data=list(items), **spec)
    await world.start()
    await world.passes(120)
    return world


def fetching(world: OperatorWorld) -> dict[str, Json]:
    """Pods that fetch, by item."""
    found = [
        pod for pod in world.api.objects("Pod") if "edgewarm.io/fetch" in (pod["metadata"].get("annotations") or {})
    ]
    return {pod["metadata"]["annotations"]["edgewarm.io/data"]: pod for pod in found}


def ends(world: OperatorWorld, name: str, code: int, **told: str) -> None:
    """As the kubelet tells it: the exit code, and what the program wrote down."""
    pod = fetching(world)[name]
    at = world.api.store.timestamp(world.clock.now)
    state = {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "message": json.dumps(told),
        "finishedAt": at,
    }
    status = {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [{"restartCount": 0, "state": {"terminated": state}}],
    }
    world.api.put({**pod, "spec": {**pod["spec"], "nodeName": "node-1"}, "status": status})


def says(world: OperatorWorld) -> tuple[str, str, str]:
    found = world.condition("DataWarm")
    assert found is not None
    return found["status"], found["reason"], found["message"]


async def test_a_file_is_fetched_by_its_class_without_a_token_and_counts_once_it_is_there(
    world: OperatorWorld,
) -> None:
    await running(world, item())
    pod = fetching(world)["table"]
    spec, (container,) = pod["spec"], pod["spec"]["containers"]
    assert (container["image"], spec["restartPolicy"]) == ("operator:1", "Never")
    assert spec["automountServiceAccountToken"] is False
    assert container["args"][:2] == ["fetch", "https://files.example/table.bin"]
    limits = {"--rate=1000000", "--size=1073741824", "--class-size=2147483648", "--store-size=4294967296"}
    assert limits | {"--host=files.example", "--host=*.cdn.example", f"--digest={DIGEST}", f"--keep={DIGEST}"} <= set(
        container["args"]
    )
    assert spec["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "models"}}]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "WarmingPolicy"
    assert says(world) == ("False", "Staging", "0 of 1 items are staged")
    ends(world, "table", 0, outcome="Fetched")
    await world.passes(60)
    assert says(world) == ("True", "Warm", "1 of 1 items are staged")
    assert len(world.written("/pods", {"create"})) == 1


async def test_files_come_one_after_the_other(world: OperatorWorld) -> None:
    await running(world, item("a"), item("b"))
    assert set(fetching(world)) == {"a"}
    ends(world, "a", 0)
    await world.passes(60)
    assert set(fetching(world)) == {"a", "b"}


async def test_a_wrong_digest_is_said_and_tried_again_only_after_ten_minutes(world: OperatorWorld) -> None:
    await running(world, item())
    first = fetching(world)["table"]["metadata"]["uid"]
    ends(world, "table", 3, outcome="Refused", message="it has digest sha256:ee, ordered was sha256:dd")
    await world.passes(300)
    status, reason, message = says(world)
    assert (status, reason) == ("False", "PullFailing")
    assert "table on its claim: it has digest sha256:ee, ordered was sha256:dd" in message
    assert fetching(world)["table"]["metadata"]["uid"] == first
    await world.passes(420)
    assert fetching(world)["table"]["metadata"]["uid"] != first


async def test_another_digest_is_fetched_at_once_and_the_pod_of_the_one_before_goes(world: OperatorWorld) -> None:
    await running(world, item())
    ends(world, "table", 3, outcome="Refused", message="not found")
    await world.passes(30)
    world.change("WarmingPolicy", "checkout", data=[item(digest=f"sha256:{'e' * 64}")])
    await world.passes(60)
    assert any(
        f"--digest=sha256:{'e' * 64}" in pod["spec"]["containers"][0]["args"] for pod in fetching(world).values()
    )


async def test_a_file_is_fetched_only_while_requests_of_its_type_and_category_are_likely(world: OperatorWorld) -> None:
    """40 requests/s detect in streets, nothing else; a pod serves 50."""
    labels = {"requestType": "type", "dataCategory": "category"}
    demand = [
        ({"type": "detect", "category": "street"}, 40.0),
        ({"type": "segment", "category": "river"}, 0.0),
    ]
    world.prometheus.queries["by kind"] = lambda at: demand
    items = [
        {**item("all-fit"), "requestType": "detect", "dataCategory": "street"},
        {**item("other-type"), "requestType": "segment", "dataCategory": "street"},
        {**item("other-category"), "requestType": "detect", "dataCategory": "river"},
        item("of-no-kind"),
    ]
    await running(world, *items, demand={"query": "by kind", "capacityPerPod": "50", "labels": labels})
    assert set(fetching(world)) == {"all-fit"}
    ends(world, "all-fit", 0)
    await world.passes(60)
    assert set(fetching(world)) == {"all-fit", "of-no-kind"}


@pytest.mark.parametrize(
    ("url", "digest"),
    [
        ("oci://files.example/models/vision", DIGEST),
        ("git+https://files.example/tables.git", f"gitCommit:{'c' * 40}"),
    ],
    ids=["artifact", "commit"],
)
async def test_an_artifact_and_a_commit_are_fetched_with_the_login_of_the_class(
    world: OperatorWorld, url: str, digest: str
) -> None:
    await running(world, item(digest=digest, url=url), fetcher=replace(CLASS, secret="fetch-login"))
    (pod,) = fetching(world).values()
    args = pod["spec"]["containers"][0]["args"]
    assert {url, f"--digest={digest}", "--secret=/var/run/edgewarm/secret"} <= set(args)
    ends(world, "table", 0, outcome="Fetched")
    await world.passes(60)
    assert says(world) == ("True", "Warm", "1 of 1 items are staged")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (item(fetcher="others"), "the operator's configuration has no fetcher class others for namespace shop"),
        ({**item(), "size": "3Gi"}, "above the 2147483648 bytes that fetcher class files allows"),
    ],
)
async def test_only_a_declared_class_fetches_within_its_limits(
    world: OperatorWorld, given: Json, sentence: str
) -> None:
    await running(world, given)
    assert fetching(world) == {}
    assert sentence in says(world)[2]


async def test_a_file_for_a_claim_that_the_workload_does_not_mount_is_not_fetched(world: OperatorWorld) -> None:
    await running(world, item(claim="others"))
    assert fetching(world) == {}
    assert says(world)[1:] == ("DataDiffers", "table is not fetched: no volume of the workload is the claim others")


async def test_a_pod_of_a_file_that_nobody_wants_any_more_goes(world: OperatorWorld) -> None:
    await running(world, item())
    world.change("WarmingPolicy", "checkout", rungs={}, data=[])
    await world.passes(30)
    assert fetching(world) == {}
