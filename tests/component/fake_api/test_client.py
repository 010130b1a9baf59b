"""The client: what it sends, what it waits for, what it makes of failures."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgewarm.cluster.client import ApiClient, ClientSettings
from edgewarm.cluster.credentials import Credentials
from edgewarm.cluster.failures import Gone
from edgewarm.cluster.resources import DEPLOYMENTS, PODS
from edgewarm.model.errors import Forbidden, Invalid, NotFound, Unavailable
from edgewarm.model.identity import Key
from support.fake_api import FakeApi

pytestmark = pytest.mark.component
KEY = Key("shop", "a")


async def test_429_waits_as_long_as_it_is_told(api: FakeApi, client: ApiClient, naps: Any) -> None:
    api.fail(429, times=2, retry_after=3)
    with pytest.raises(NotFound):
        await client.get(PODS, KEY)
    assert naps.asked == [3.0, 3.0]


async def test_429_without_end_or_with_a_long_wait_is_unavailable(api: FakeApi, client: ApiClient, naps: Any) -> None:
    api.fail(429, times=1, retry_after=3600)
    with pytest.raises(Unavailable, match="429"):
        await client.get(PODS, KEY)
    api.fail(429, times=3, retry_after=1)
    with pytest.raises(Unavailable, match="429"):
        await client.get(PODS, KEY)
    assert naps.asked == [1.0, 1.0]


async def test_writes_are_rationed(api: FakeApi, clock: Any, naps: Any, tmp_path: Path) -> None:
    settings = ClientSettings(writes_per_second=10, write_burst=2)
    client = ApiClient(Credentials(str(api.kubeconfig(tmp_path / "k"))), clock, naps, settings)
    for number in range(4):
        await client.create(PODS, "shop", {"metadata": {"name": f"p{number}"}})
    await client.close()
    assert naps.asked == pytest.approx([0.1, 0.2])  # two at once, then one each 0.1 s; the clock stands still


async def test_a_cut_connection_is_unavailable(api: FakeApi, client: ApiClient, counted: Any) -> None:
    api.fail(0, times=9)  # aiohttp itself repeats a GET once on a reused connection
    with pytest.raises(Unavailable, match="no answer from the API server"):
        await client.get(PODS, KEY)
    assert counted == [("get", "pods", 0)]


async def test_a_slow_answer_is_unavailable(api: FakeApi, clock: Any, tmp_path: Path) -> None:
    credentials = Credentials(str(api.kubeconfig(tmp_path / "k")))
    client = ApiClient(credentials, clock, settings=ClientSettings(request_seconds=0.05))
    api.fail(None, latency=0.5)
    with pytest.raises(Unavailable, match="it will be tried again"):
        await client.get(PODS, KEY)
    await client.close()


async def test_422_carries_the_message_of_the_server(api: FakeApi, client: ApiClient) -> None:
    api.put({"kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"replicas": 1}})
    with pytest.raises(Invalid, match=r"spec\.replicas: Invalid value: -1"):
        await client.merge_patch(DEPLOYMENTS, KEY, {"spec": {"replicas": -1}}, "scale")


async def test_wrong_credentials_are_read_once_more_then_forbidden(
    api: FakeApi, client: ApiClient, counted: Any
) -> None:
    api.valid_tokens = {"another"}
    with pytest.raises(Forbidden, match="get pods"):
        await client.get(PODS, KEY)
    assert [code for _, _, code in counted] == [401, 401]


async def test_nine_watches_that_fail_together_read_the_credentials_once(api: FakeApi, tmp_path: Path) -> None:
    credentials = Credentials(str(api.kubeconfig(tmp_path / "k")))
    await credentials.endpoint()
    seen = credentials.generation
    await asyncio.gather(*(credentials.renew(seen) for _ in range(9)))
    assert credentials.generation == seen + 1


async def test_a_missing_kubeconfig_says_what_to_set() -> None:
    with pytest.raises(Invalid, match="set KUBECONFIG to a valid file"):
        await Credentials("/nowhere/kubeconfig").endpoint()


async def test_an_expired_page_token_is_gone(api: FakeApi, client: ApiClient) -> None:
    for number in range(3):
        api.put({"kind": "Pod", "metadata": {"name": f"p{number}", "namespace": "shop"}})
    page = msgspec.json.decode(await client.list_page(PODS, 2))
    api.compact()
    with pytest.raises(Gone):
        await client.list_page(PODS, 2, page["metadata"]["continue"])


async def test_who_we_are(api: FakeApi, client: ApiClient) -> None:
    await client.create(PODS, "shop", {"metadata": {"name": "a"}})
    assert api.requests[0].query == {"fieldManager": "edgewarm"}
    assert api.requests[0].headers["User-Agent"].startswith("edgewarm/")


async def test_in_a_pod_without_a_token_the_service_account_is_named() -> None:
    credentials = Credentials(environ={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    with pytest.raises(Invalid, match="reading credentials from the pod's service account"):
        await credentials.endpoint()
