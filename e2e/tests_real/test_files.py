"""A file on a claim of a real node: fetched by the program in its image, ended half-way, resumed, verified, read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.real_node import RealNode
from controlplane.real_node.images import workload_image
from controlplane.real_node.python import operator_image
from controlplane.real_node.settings import LABELS
from controlplane.waiting import wait_until
from rig.moving import PLACE, POOL, deployment, pods, start_seconds, warmed
from rig.objects import Manifest, condition
from rig.serving import Serving
from rig.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.real_node]

SOURCES = Path(__file__).parents[2] / "operator"
CONTENT = b"".join(b"%07d\n" % line for line in range(1 << 19))  # 4 MiB, no two lines alike


def claim(name: str, folder: Path) -> list[Manifest]:
    """A claim, and the folder of the real node that it is bound to."""
    where = {"key": "type", "operator": "In", "values": [LABELS["type"]]}
    room = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": name}
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "local": {"path": str(folder)},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [where]}]}},
    }
    asked = {**room, "resources": {"requests": {"storage": "1Gi"}}}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": volume},
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": PLACE},
            "spec": asked,
        },
    ]


def reading(name: str, image: str) -> Manifest:
    """A web server on the node of its claim."""
    made = deployment(name, image)
    pod = made["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "files", "persistentVolumeClaim": {"claimName": name}}]
    pod["containers"][0]["volumeMounts"] = [{"name": "files", "mountPath": "/data"}]
    return made


def staging(name: str, url: str, digest: str) -> Manifest:
    made = warmed(name)
    source = {"file": {"url": url, "fetcher": "files", "claim": name}}
    made["spec"]["rungs"] = {"data": {}}
    made["spec"]["data"] = [{"name": "menu", "source": source, "digest": digest, "size": "16Mi"}]
    return made


def says(here: World, name: str) -> str:
    found = condition(here.kubectl.get("wp", name, PLACE), "DataWarm")
    return f"{found.get('reason')}: {found.get('message')}"


def fetching(here: World, name: str) -> list[dict[str, Any]]:
    return here.kubectl.list("pod", PLACE, f"edgewarm.io/rung=Data,edgewarm.io/policy={name}")


def told(here: World, name: str) -> str:
    states = [(pod["status"].get("phase"), pod["status"].get("containerStatuses")) for pod in fetching(here, name)]
    return f"{says(here, name)} {states} {here.operator.last_lines()}"


@pytest.fixture
def opened(here: World, node: RealNode, tmp_path: Path) -> Callable[[str], None]:
    """A workload on the real node with a claim of its own."""
    node.push("edgewarm", operator_image(SOURCES))
    image = node.push("reader", workload_image())

    def open_(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(0o777)
        here.kubectl.apply(POOL, *claim(name, folder), reading(name, image))
        wait_until(f"the pod of {name}", lambda: start_seconds(here, name)() is not None, 90.0)

    return open_


def test_a_fetch_that_was_ended_goes_on_where_it_stopped_and_the_workload_reads_the_file(
    here: World, files: Serving, opened: Callable[[str], None]
) -> None:
    server, digest = files.server, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    opened("menu")
    server.files["/menu"], server.pause_seconds = CONTENT, 0.2  # 64 chunks: 13 s
    here.kubectl.apply(staging("menu", server.url("/menu"), digest))
    wait_until("a third of it", lambda: server.sent > len(CONTENT) / 3, 180.0, lambda: told(here, "menu"))
    (first,) = fetching(here, "menu")
    here.kubectl.run("delete", "pod", first["metadata"]["name"], "-n", PLACE, "--grace-period=1")
    wait_until("the rest", lambda: says(here, "menu").startswith("Warm"), 120.0, lambda: told(here, "menu"))

    (second,) = fetching(here, "menu")
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert second["status"]["phase"] == "Succeeded"
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked in server.asked if asked]
    print(f"fetched {len(CONTENT)} bytes by two pods, the second from byte {starts[-1]}, {server.sent} sent")
    assert len(CONTENT) / 5 < starts[-1] < len(CONTENT)
    assert server.sent < 1.3 * len(CONTENT)
    (pod,) = pods(here, "menu")
    path = f"/api/v1/namespaces/{PLACE}/pods/{pod['metadata']['name']}:8080/proxy/files/data/menu"
    assert here.cluster.api().get(path) == CONTENT.decode()


def test_a_wrong_digest_is_refused_and_said(here: World, files: Serving, opened: Callable[[str], None]) -> None:
    server, wrong = files.server, f"sha256:{'0' * 64}"
    opened("wrong-file")
    server.files["/wrong"], server.pause_seconds = CONTENT[:4096], 0.0
    here.kubectl.apply(staging("wrong-file", server.url("/wrong"), wrong))

    wait_until(
        "the refusal", lambda: "PullFailing" in says(here, "wrong-file"), 120.0, lambda: told(here, "wrong-file")
    )
    found = hashlib.sha256(CONTENT[:4096]).hexdigest()
    assert f"has digest sha256:{found}, ordered was {wrong}" in says(here, "wrong-file")
    here.kubectl.run("delete", "wp", "wrong-file", "-n", PLACE)
    wait_until("garbage collection", lambda: not fetching(here, "wrong-file"), 60.0)
