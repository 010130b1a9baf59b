"""Data on a claim of a real node, fetched by the program in its image: a file that was ended half-way and resumed, an
artifact of a real registry, a commit; each verified, and read by the workload."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.api import ApiError
from controlplane.certificates import Authority
from controlplane.real_node import RealNode
from controlplane.real_node.images import workload_image
from controlplane.real_node.oci import Blob, Image, push
from controlplane.real_node.python import operator_image
from controlplane.real_node.settings import LABELS
from controlplane.waiting import wait_until
from rig.moving import PLACE, POOL, SPARED, deployment, pods, warmed
from rig.objects import Manifest, condition
from rig.relay import Relay
from rig.serving import Serving
from rig.warmth import is_ready
from rig.world import World
from support.fake_files import FakeFiles
from support.fake_git import FakeGit, commit

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


def staging(name: str, url: str, digest: str, fetcher: str = "files") -> Manifest:
    """A policy that has it fetched onto the claim, by the name menu."""
    made = warmed(name)
    source = {"file": {"url": url, "fetcher": fetcher, "claim": name}}
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


def served(here: World, name: str, path: str) -> str:
    """What the workload's pod reads on its claim."""
    (pod,) = pods(here, name)
    answer: str = here.cluster.api().get(
        f"/api/v1/namespaces/{PLACE}/pods/{pod['metadata']['name']}:8080/proxy/files/data/{path}"
    )
    return answer


def outcome(here: World, name: str) -> dict[str, Any]:
    """What the program told at its end."""
    (pod,) = fetching(here, name)
    told_: dict[str, Any] = json.loads(pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"])
    return told_


@pytest.fixture(scope="module")
def image(node: RealNode) -> str:
    """The workload's; the fetcher class's own is in the registry, too."""
    node.push("edgewarm", operator_image(SOURCES))
    return node.push("reader", workload_image())


@pytest.fixture
def opened(here: World, image: str, tmp_path: Path) -> Callable[[str], None]:
    """A workload on the real node with a claim of its own."""

    def open_(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        folder.chmod(0o777)
        here.kubectl.apply(POOL, *claim(name, folder), reading(name, image))
        wait_until(f"the pod of {name}", lambda: any(map(is_ready, pods(here, name))), 240.0)

    return open_


def test_a_fetch_that_was_ended_goes_on_where_it_stopped_and_the_workload_reads_the_file(
    here: World, files: Serving[FakeFiles], opened: Callable[[str], None]
) -> None:
    server, digest = files.server, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    opened("menu")
    server.files["/menu"], server.pause_seconds = CONTENT, 0.2  # 64 chunks: 13 s
    here.kubectl.apply(staging("menu", server.url("/menu"), digest))
    wait_until("a third of it", lambda: server.sent > len(CONTENT) / 3, 180.0, lambda: told(here, "menu"))
    (first,) = fetching(here, "menu")
    here.kubectl.run("delete", "pod", first["metadata"]["name"], "-n", PLACE, "--grace-period=1")
    wait_until("the rest", lambda: says(here, "menu").startswith("Warm"), 240.0, lambda: told(here, "menu"))

    (second,) = fetching(here, "menu")
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert second["status"]["phase"] == "Succeeded"
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked in server.asked if asked]
    print(f"fetched {len(CONTENT)} bytes by two pods, the second from byte {starts[-1]}, {server.sent} sent")
    assert len(CONTENT) / 5 < starts[-1] < len(CONTENT)
    assert server.sent < 1.3 * len(CONTENT)
    assert served(here, "menu", "menu") == CONTENT.decode()


def test_an_artifact_of_a_registry_comes_layer_by_layer_and_goes_on_where_it_broke_off(
    here: World, node: RealNode, relay: Serving[Relay], opened: Callable[[str], None]
) -> None:
    plain = "application/octet-stream"
    artifact = Image([Blob(plain, CONTENT, "menu.txt"), Blob(plain, b"soup\n", "more/today.txt")])
    relay.server.port = here.cluster.supervisor().component("registry").port
    push(relay.server.port, "models/menu", "1", artifact)
    opened("artifact")
    relay.server.sent, relay.server.breaks = 0, [len(CONTENT) // 2]
    here.kubectl.apply(staging("artifact", f"oci+http://{relay.host}/models/menu", artifact.manifest().digest))

    wait_until("the artifact", lambda: says(here, "artifact").startswith("Warm"), 240.0, lambda: told(here, "artifact"))
    end = outcome(here, "artifact")
    print(f"an artifact of {end['bytes']} bytes: {end}, {relay.server.sent} bytes sent")
    assert (end["tries"], end["resumedFrom"] > 0) == (2, True)
    assert relay.server.sent < 1.2 * len(CONTENT)
    assert served(here, "artifact", "menu/menu.txt") == CONTENT.decode()
    assert served(here, "artifact", "menu/more/today.txt") == "soup\n"


def test_a_commit_is_fetched_by_the_git_client_of_the_image(
    here: World, repositories: Serving[FakeGit], authority: Authority, opened: Callable[[str], None]
) -> None:
    id_ = commit(repositories.server.root / "tables", {"menu.txt": b"soup\n"})
    commit(repositories.server.root / "tables", {"menu.txt": b"another\n"})  # the branch is further by now
    here.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "fetch-login", "namespace": PLACE},
            "stringData": {"ca.crt": authority.pem.certificate},
        }
    )
    opened("commit")
    here.kubectl.apply(staging("commit", repositories.server.at("tables/.git"), f"gitCommit:{id_}"))

    wait_until("the commit", lambda: says(here, "commit").startswith("Warm"), 240.0, lambda: told(here, "commit"))
    assert served(here, "commit", "menu/menu.txt") == "soup\n"


def test_a_wrong_digest_is_refused_and_said(
    here: World, files: Serving[FakeFiles], opened: Callable[[str], None]
) -> None:
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
    wait_until("garbage collection", lambda: not fetching(here, "wrong-file"), 240.0)


@pytest.mark.slow
def test_a_fetch_that_would_leave_less_free_than_its_class_spares_is_refused_and_said(
    here: World, files: Serving[FakeFiles], opened: Callable[[str], None]
) -> None:
    """The class spares more than the disk has, and its pod sees what is free."""
    server = files.server
    opened("spared")
    server.files["/spared"], server.pause_seconds = CONTENT, 0.0
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    here.kubectl.apply(staging("spared", server.url("/spared"), digest, "sparing"))

    wait_until("the refusal", lambda: "PullFailing" in says(here, "spared"), 120.0, lambda: told(here, "spared"))
    assert f"{len(CONTENT)} bytes more leave less than {SPARED} free on the volume" in says(here, "spared")
    with pytest.raises(ApiError, match="404"):
        served(here, "spared", "menu")
    here.kubectl.run("delete", "wp", "spared", "-n", PLACE)
    wait_until("garbage collection", lambda: not fetching(here, "spared"), 240.0)
