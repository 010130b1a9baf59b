"""A real control plane: cold starts in visible steps, outages survived, clusters side by side, nothing left behind."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from controlplane import Cluster, ControlPlaneError, NodeSize, down, find_cluster, up
from controlplane.api import Api, ApiError, api_from
from controlplane.binaries import find_kubectl
from controlplane.processes import process_state
from controlplane.waiting import wait_until

pytestmark = pytest.mark.e2e

TOLERATIONS = [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]
PODS = "/api/v1/namespaces/default/pods"


def deployment(name: str, replicas: int, image: str, **annotations: str) -> dict[str, Any]:
    template = {
        "metadata": {
            "labels": {"app": name},
            "annotations": {f"e2e.edgewarm.io/{key.replace('_', '-')}": value for key, value in annotations.items()},
        },
        "spec": {"tolerations": TOLERATIONS, "containers": [{"name": "main", "image": image}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def create(cluster: Cluster, manifest: dict[str, Any]) -> None:
    cluster.api().post("/apis/apps/v1/namespaces/default/deployments", manifest)


def pods(api: Api, app: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{PODS}?labelSelector=app%3D{app}")["items"]
    return found


def is_ready(thing: dict[str, Any]) -> bool:
    conditions = thing["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def ready_count(api: Api, app: str) -> int:
    return sum(is_ready(pod) for pod in pods(api, app))


def step(pod: dict[str, Any]) -> str:
    """Where a pod is in its cold start, in one word."""
    statuses = pod["status"].get("containerStatuses", [])
    if not statuses:
        return "pending"
    if "waiting" in statuses[0]["state"]:
        return "creating"
    return "ready" if is_ready(pod) else "running"


def event_reasons(api: Api, pod: str) -> list[str]:
    query = f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D{pod}"
    events = sorted(api.get(query)["items"], key=lambda event: int(event["metadata"]["resourceVersion"]))
    return [event["reason"] for event in events]


def image_names(api: Api, node: str) -> set[str]:
    images = api.get(f"/api/v1/nodes/{node}")["status"].get("images", [])
    return {name for image in images for name in image["names"]}


def watched_steps(api: Api, app: str, count: int) -> dict[str, list[tuple[str, float]]]:
    """Each pod's steps in order, with the time each was first seen, until `count` pods are ready."""
    seen: dict[str, list[tuple[str, float]]] = {}

    def look() -> bool:
        for pod in pods(api, app):
            steps = seen.setdefault(pod["metadata"]["name"], [])
            if not steps or steps[-1][0] != step(pod):
                steps.append((step(pod), time.monotonic()))
        return [steps[-1][0] for steps in seen.values()] == ["ready"] * count

    wait_until(f"pods of {app}", look)
    return seen


def test_a_cluster_that_is_up_takes_pods_and_answers_kubectl(cluster: Cluster):
    argv = [str(find_kubectl()), "--kubeconfig", str(cluster.kubeconfig), "get", "nodes", "-o", "name"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert {"node/sim-0", "node/sim-1"} <= set(listed.split())
    assert (cluster.logs / "audit.log").stat().st_size > 0


def test_a_cold_start_goes_through_its_visible_steps(cluster: Cluster):
    api = cluster.api()
    create(cluster, deployment("steps", 2, "registry.example/steps:1", cold_start="5s"))
    seen = watched_steps(api, "steps", 2)
    assert len(seen) == 2
    for name, steps in seen.items():
        words = [word for word, _ in steps if word != "pending"]
        assert words == ["creating", "running", "ready"]
        times = dict(steps)
        assert times["running"] - times["creating"] > times["ready"] - times["running"]
        wait_until("its events", lambda name=name: "Started" in event_reasons(api, name))
        # the scheduler writes its own event a moment late, here as in any cluster
        reasons = [one for one in event_reasons(api, name) if one in ("Pulling", "Pulled", "Started")]
        assert reasons == ["Pulling", "Pulled", "Started"]


def test_an_image_is_on_a_node_only_after_its_pull_and_is_not_pulled_twice(cluster: Cluster):
    api = cluster.api()
    image = "registry.example/once:1"
    (node,) = cluster.add_nodes(1, {"only": "once"}, NodeSize(cpu="4"))
    manifest = deployment("once", 1, image, pull_seconds="4")
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"only": "once"}
    before = time.monotonic()
    create(cluster, manifest)
    wait_until("the pull", lambda: [step(pod) for pod in pods(api, "once")] == ["creating"])
    assert image not in image_names(api, node)
    wait_until("the first pod", lambda: ready_count(api, "once") == 1)
    first = time.monotonic() - before
    assert image in image_names(api, node)

    before = time.monotonic()
    api.patch("/apis/apps/v1/namespaces/default/deployments/once", {"spec": {"replicas": 2}})
    wait_until("the second pod", lambda: ready_count(api, "once") == 2)
    assert time.monotonic() - before < first / 2
    newest = max(pods(api, "once"), key=lambda pod: int(pod["metadata"]["resourceVersion"]))["metadata"]["name"]
    assert "Pulling" not in event_reasons(api, newest)


def test_the_pull_time_of_an_image_holds_for_a_pod_that_only_warms_it(cluster: Cluster):
    api = cluster.api()
    image = "registry.example/warm:1"
    create(cluster, deployment("cold", 1, image, pull_seconds="3"))
    wait_until("the first pull", lambda: ready_count(api, "cold") == 1)
    (node,) = cluster.add_nodes(1, {"only": "warm"})
    spec: dict[str, Any] = {"restartPolicy": "Never", "tolerations": TOLERATIONS, "nodeSelector": {"only": "warm"}}
    spec["containers"] = [{"name": "warm", "image": image}]
    metadata = {"name": "warm", "labels": {"app": "warm"}}
    api.post(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    wait_until("the pull to begin", lambda: "Pulling" in event_reasons(api, "warm"))
    assert pods(api, "warm")[0]["status"]["phase"] == "Pending"
    wait_until("its end", lambda: pods(api, "warm")[0]["status"]["phase"] != "Pending")
    assert image in image_names(api, node)


def test_a_pod_without_annotations_is_ready_at_once_and_its_image_is_recorded(cluster: Cluster):
    api = cluster.api()
    create(cluster, deployment("plain", 1, "plain"))
    wait_until("the pod", lambda: ready_count(api, "plain") == 1)
    node = pods(api, "plain")[0]["spec"]["nodeName"]
    wait_until("its image", lambda: "docker.io/library/plain:latest" in image_names(api, node))
    assert [step(pod) for pod in pods(api, "plain")] == ["ready"]


def test_pods_are_ready_again_after_an_outage_of_kwok(cluster: Cluster):
    api = cluster.api()
    create(cluster, deployment("outage", 2, "registry.example/outage:1"))
    wait_until("pods", lambda: ready_count(api, "outage") == 2)
    cluster.stop("kwok")
    wait_until("the node controller to find them lost", lambda: ready_count(api, "outage") == 0)
    cluster.start("kwok")
    wait_until("pods to be ready again", lambda: ready_count(api, "outage") == 2)
    nodes = [node for node in api.get("/api/v1/nodes")["items"] if node["metadata"]["labels"].get("type") == "kwok"]
    assert all(is_ready(node) for node in nodes)


def test_readiness_can_be_taken_away_and_given_back(cluster: Cluster):
    api = cluster.api()
    create(cluster, deployment("flap", 1, "registry.example/flap:1", ready_seconds="1"))
    wait_until("the pod", lambda: ready_count(api, "flap") == 1)
    path = f"{PODS}/{pods(api, 'flap')[0]['metadata']['name']}"
    api.patch(path, {"metadata": {"annotations": {"e2e.edgewarm.io/unready": "true"}}})
    wait_until("it to fail", lambda: ready_count(api, "flap") == 0)
    api.patch(path, {"metadata": {"annotations": {"e2e.edgewarm.io/unready": None}}})
    wait_until("it to come back", lambda: ready_count(api, "flap") == 1)
    assert path.endswith(pods(api, "flap")[0]["metadata"]["name"])  # the same pod, not a new one


def test_readiness_gates_are_respected_both_ways(cluster: Cluster):
    api = cluster.api()
    manifest = deployment("gated", 1, "registry.example/gated:1", ready_seconds="1")
    manifest["spec"]["template"]["spec"]["readinessGates"] = [{"conditionType": "example.org/open"}]
    create(cluster, manifest)
    wait_until("its containers", lambda: [step(pod) for pod in pods(api, "gated")] == ["running"])
    path = f"{PODS}/{pods(api, 'gated')[0]['metadata']['name']}/status"
    strategic = "application/strategic-merge-patch+json"
    for status, expected in (("True", 1), ("False", 0)):
        body = {"status": {"conditions": [{"type": "example.org/open", "status": status}]}}
        api.patch(path, body, strategic)
        wait_until(f"readiness with its gate {status}", lambda wanted=expected: ready_count(api, "gated") == wanted)


def test_a_pod_that_is_not_restarted_succeeds_and_a_deleted_one_goes(cluster: Cluster):
    api = cluster.api()
    spec = {"restartPolicy": "Never", "tolerations": TOLERATIONS, "containers": [{"name": "c", "image": "job:1"}]}
    api.post(
        PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job", "labels": {"app": "job"}}, "spec": spec}
    )
    wait_until("its end", lambda: pods(api, "job")[0]["status"]["phase"] == "Succeeded")
    api.delete(f"{PODS}/job")
    wait_until("its removal", lambda: not pods(api, "job"))
    with pytest.raises(ApiError, match="404"):
        api.get(f"{PODS}/job")


def test_objects_outlive_an_outage_of_the_api_server(cluster: Cluster):
    server = cluster.server
    cluster.api().post(
        "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "kept"}, "data": {"answer": "42"}}
    )
    cluster.stop("kube-apiserver")
    with pytest.raises(OSError, match="refused"):
        cluster.api().get("/version")
    cluster.start("kube-apiserver")
    assert find_cluster("shared", directory=cluster.directory).server == server
    assert cluster.api().get("/api/v1/namespaces/default/configmaps/kept")["data"] == {"answer": "42"}
    create(cluster, deployment("after", 1, "registry.example/after:1", cold_start="1s"))
    wait_until("pods after the outage", lambda: ready_count(cluster.api(), "after") == 1)


def test_a_service_account_has_its_own_kubeconfig_and_its_own_rights(cluster: Cluster):
    path = cluster.kubeconfig_for_service_account("default", "default")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ApiError, match="system:serviceaccount:default:default") as refused:
        api_from(path).get("/api/v1/secrets")
    assert refused.value.code == 403


def test_clusters_live_side_by_side_and_down_leaves_no_process(cluster: Cluster, tmp_path: Path):
    directory = tmp_path / "second"
    second = up("second", 1, provider="local", directory=directory)
    pids = [record.pid for record in second.supervisor().running().values()]
    try:
        assert len(pids) == 6
        assert second.server != cluster.server
        second.api().post("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "mine"}})
        with pytest.raises(ApiError, match="404"):
            cluster.api().get("/api/v1/namespaces/default/configmaps/mine")
        with pytest.raises(ControlPlaneError, match="is up already"):
            up("second", 1, provider="local", directory=directory)
    finally:
        # in another Python process, as after a crash of the one that started it
        code = "import sys, pathlib, controlplane; controlplane.down('second', directory=pathlib.Path(sys.argv[1]))"
        source = str(Path(__file__).parent.parent)
        subprocess.run([sys.executable, "-c", code, str(directory)], check=True, env={"PYTHONPATH": source})
    assert not any(_lives(pid) for pid in pids)
    assert not directory.exists()
    assert cluster.api().get("/version")
    down("second", directory=directory)


def _lives(pid: int) -> bool:
    found = process_state(pid)
    return found is not None and found[0] != "Z"  # ours to reap, since this process is the parent
