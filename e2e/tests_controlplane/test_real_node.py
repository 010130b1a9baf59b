"""A real node: pods are pulled, started, probed and answer; its daemons may restart; nothing of it stays behind."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane import clean, down, up
from controlplane.api import Api, ApiError
from controlplane.components import CONTROL_PLANE
from controlplane.processes import process_state
from controlplane.real_node import RealNode, add_real_node, remove_real_node
from controlplane.real_node.host import SYSCTLS
from controlplane.real_node.images import files_image, workload_image
from controlplane.real_node.link import BURST_SECONDS
from controlplane.real_node.traces import KINDS, pod_namespaces, traces
from controlplane.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.real_node]

PROC_SYS = Path("/proc/sys")
MEGABYTE = 1_000_000
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    """A cluster with one simulated and one real node."""
    directory = tmp_path_factory.mktemp("real") / "state"
    cluster = up("real", 1, provider="local", directory=directory, real_node=True)
    yield RealNode(cluster)
    down("real", directory=directory)


def web(node: RealNode, name: str, image: str, **spec: Any) -> dict[str, Any]:
    """A pod of our web server that is Ready once it answers."""
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    container = {"name": "web", "image": image, "readinessProbe": probe, **spec.pop("container", {})}
    metadata = {"name": name, "labels": {"app": name}}
    whole = {"containers": [container], "terminationGracePeriodSeconds": 1, **node.placement(), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def pod(api: Api, name: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"{PODS}/{name}")
    return found


def is_ready(found: dict[str, Any]) -> bool:
    conditions = found["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def ready_at(found: dict[str, Any]) -> float:
    (ready,) = (one for one in found["status"]["conditions"] if one["type"] == "Ready")
    return datetime.datetime.fromisoformat(ready["lastTransitionTime"]).timestamp()


def started_at(found: dict[str, Any]) -> float:
    return datetime.datetime.fromisoformat(container(found)["state"]["running"]["startedAt"]).timestamp()


def await_ready(api: Api, name: str) -> None:
    def state() -> str:
        status = pod(api, name)["status"]
        events = api.get(f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D{name}")["items"]
        return f"{status} {[event['message'] for event in events]}"

    wait_until(f"pod {name}", lambda: is_ready(pod(api, name)), 120.0, state, 0.1)


def ask(api: Api, name: str, path: str = "") -> str:
    """One request to the Service's ready endpoints, by the API server's proxy: without kube-proxy."""
    answer: str = api.get(f"/api/v1/namespaces/default/services/{name}:80/proxy/{path}")
    return answer


def container(found: dict[str, Any]) -> dict[str, Any]:
    status: dict[str, Any] = found["status"]["containerStatuses"][0]
    return status


def image_names(api: Api, node: RealNode) -> set[str]:
    images = api.get(f"/api/v1/nodes/{node.name}")["status"].get("images", [])
    return {name for image in images for name in image["names"]}


def test_it_is_ready_beside_the_simulated_nodes_and_tainted_as_they_are(node: RealNode) -> None:
    found = node.cluster.api().get(f"/api/v1/nodes/{node.name}")

    assert is_ready(found)
    assert found["metadata"]["labels"]["type"] == "real"
    assert found["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://2")
    assert [taint["effect"] for taint in found["spec"]["taints"]] == ["NoSchedule"]
    simulated = node.cluster.api().get("/api/v1/nodes?labelSelector=type%3Dkwok")["items"]
    assert len(simulated) == 1


def test_a_pod_is_pulled_probed_and_answers_through_its_service(node: RealNode) -> None:
    api = node.cluster.api()
    image = node.push("answers", workload_image(environment={"START_SECONDS": "3"}))
    assert image not in image_names(api, node)
    api.post("/api/v1/namespaces/default/services", service("answers"))
    api.post(PODS, web(node, "answers", image))

    await_ready(api, "answers")
    # the server inside listens after three seconds; both stamps are cut to the second
    assert ready_at(pod(api, "answers")) - started_at(pod(api, "answers")) >= 2
    wait_until("its endpoint", lambda: _answers(api, "answers"))

    assert ask(api, "answers").strip() == "answers"
    wait_until("its image on the node", lambda: image in image_names(api, node))


def test_a_pull_takes_as_long_as_its_link_is_slow(node: RealNode) -> None:
    api = node.cluster.api()
    size, rate = 8 * MEGABYTE, 4 * MEGABYTE
    image = node.push("large", workload_image(ballast_bytes=size))
    node.shape(rate)
    begun = time.monotonic()
    api.post(PODS, web(node, "large", image))
    await_ready(api, "large")
    node.shape(0)

    # not a speed: eight megabytes cannot come through this link any sooner, but for its burst
    assert time.monotonic() - begun > size / rate - BURST_SECONDS


def test_an_image_volume_is_there_to_read(node: RealNode) -> None:
    api = node.cluster.api()
    image = node.push("reader", workload_image())
    data = node.push("data", files_image({"/menu.txt": b"soup\n"}))
    volume = {"name": "data", "image": {"reference": data}}
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    api.post("/api/v1/namespaces/default/services", service("reader"))
    api.post(PODS, web(node, "reader", image, container=mount, volumes=[volume]))
    await_ready(api, "reader")
    wait_until("its endpoint", lambda: _answers(api, "reader"))

    assert ask(api, "reader", "files/data/menu.txt") == "soup\n"


def test_a_running_pod_is_resized_without_a_restart(node: RealNode) -> None:
    api = node.cluster.api()
    image = node.push("resized", workload_image())
    small, large = ({"requests": {"cpu": cpu}, "limits": {"cpu": cpu}} for cpu in ("20m", "200m"))
    api.post(PODS, web(node, "resized", image, container={"resources": small}))
    await_ready(api, "resized")
    before = container(pod(api, "resized"))
    patch = {"spec": {"containers": [{"name": "web", "resources": large}]}}
    api.patch(f"{PODS}/resized/resize", patch, "application/strategic-merge-patch+json")
    wait_until("the resize", lambda: container(pod(api, "resized")).get("resources") == large)

    after = container(pod(api, "resized"))
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)


def test_a_restart_of_kubelet_or_containerd_keeps_the_pod(node: RealNode) -> None:
    api = node.cluster.api()
    image = node.push("kept", workload_image())
    api.post("/api/v1/namespaces/default/services", service("kept"))
    api.post(PODS, web(node, "kept", image))
    await_ready(api, "kept")
    wait_until("its endpoint", lambda: _answers(api, "kept"))
    before = container(pod(api, "kept"))
    for daemon in ("kubelet", "containerd"):
        node.cluster.stop(daemon)
        assert ask(api, "kept").strip() == "kept"
        node.cluster.start(daemon)
    wait_until("the node", lambda: is_ready(api.get(f"/api/v1/nodes/{node.name}")))
    after_restart = node.push("after", workload_image())
    api.post(PODS, web(node, "after", after_restart))
    await_ready(api, "after")

    after = container(pod(api, "kept"))
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)


def test_a_pod_meant_for_simulated_nodes_never_lands_on_it_nor_the_other_way(node: RealNode) -> None:
    api = node.cluster.api()
    plain = {"containers": [{"name": "c", "image": "nowhere.example/none:1"}]}
    for name, tolerations in (("no-home", []), ("simulated", [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}])):
        spec = {**plain, "tolerations": tolerations}
        api.post(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
    wait_until("the simulated pod", lambda: is_ready(pod(api, "simulated")))

    assert pod(api, "simulated")["spec"]["nodeName"].startswith("sim-")
    wait_until("the scheduler", lambda: "conditions" in pod(api, "no-home")["status"])
    assert "nodeName" not in pod(api, "no-home")["spec"]


def test_it_leaves_nothing_on_the_host_and_can_come_back(node: RealNode) -> None:
    """The last of the node's tests: it takes the node away while pods run there."""
    api = node.cluster.api()
    directory = node.cluster.directory
    namespaces = pod_namespaces(directory)
    pids = node.processes()
    assert set(traces(directory, namespaces)) == set(KINDS)  # all that is looked for below is there before
    remove_real_node(node.cluster)

    with pytest.raises(ApiError, match="404"):
        api.get(f"/api/v1/nodes/{node.name}")
    assert api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{node.name}")["items"] == []
    assert not any(_lives(pid) for pid in pids)
    assert traces(directory, namespaces) == {}
    assert set(node.cluster.supervisor().running()) == set(CONTROL_PLANE)
    assert add_real_node(node.cluster).processes()


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    directory = tmp_path / "killed"
    settings = {name: (PROC_SYS / name).read_text() for name in (*SYSCTLS, "net/ipv4/ip_forward")}
    code = (
        "import os, pathlib, signal, sys\n"
        "from controlplane import up\n"
        "from controlplane.real_node import RealNode\n"
        "cluster = up('killed', 0, provider='local', directory=pathlib.Path(sys.argv[1]), real_node=True)\n"
        "pids = RealNode(cluster).processes() | {one.pid for one in cluster.supervisor().running().values()}\n"
        "print(*pids, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    argv = [sys.executable, "-c", code, str(directory)]
    killed = subprocess.run(argv, stdout=subprocess.PIPE, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    pids = [int(word) for word in killed.stdout.split()]
    assert all(_lives(pid) for pid in pids)

    assert str(directory.resolve()) in clean()

    assert not any(_lives(pid) for pid in pids)
    assert traces(directory) == {}
    assert not directory.exists()
    assert {name: (PROC_SYS / name).read_text() for name in settings} == settings


def _answers(api: Api, name: str) -> bool:
    try:
        return bool(ask(api, name))
    except ApiError:
        return False


def _lives(pid: int) -> bool:
    found = process_state(pid)
    return found is not None and found[0] not in "ZX"
