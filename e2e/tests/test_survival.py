"""What goes wrong around the operator: killed in a ramp, API server gone, Prometheus gone, policy deleted."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from controlplane.waiting import wait_until
from rig.objects import Manifest, condition, deployment, namespace, policy, rate_of
from rig.recorder import Recorder
from rig.world import World

pytestmark = pytest.mark.e2e
LONG = 240.0


@pytest.fixture(scope="module")
def steady(here: World) -> str:
    """A namespace with one workload of steady demand (90 requests/s, 50 a pod) under a policy in Act, Ready."""
    here.kubectl.apply(namespace("steady"))
    here.kubectl.apply(
        deployment("steady", "steady", 4, "2s"), policy("steady", "steady", rate_of("steady"), 50, mode="Act")
    )
    wait_until("the policy to be Ready", lambda: ready(here)["status"] == "True", LONG, here.operator.last_lines)
    return "steady"


def ready(here: World, place: str = "steady", name: str = "steady") -> dict[str, str]:
    """The Ready condition; unknown until it is written."""
    return {"status": "", "reason": "", **condition(here.kubectl.get("warmingpolicy", name, place), "Ready")}


def decisions(here: World, place: str) -> list[Manifest]:
    return here.kubectl.list("scalingdecisions", place)


def replicas(here: World, place: str = "steady", name: str = "steady") -> int:
    return int(here.kubectl.get("deployment", name, place)["spec"]["replicas"])


def test_killed_inside_the_ramp_replicas_never_drop(here: World, recorder: Recorder) -> None:
    app = here.apps["late"]
    time.sleep(max(0.0, app.ramp_at - 60.0 - time.time()))
    killed_at = time.time()
    here.operator.stop(kill=True)
    time.sleep(5.0)
    here.operator.start()
    time.sleep(max(0.0, app.ramp_at + 60.0 - time.time()))

    counts = [sample.replicas for sample in recorder.of("act", "late") if sample.at >= killed_at]

    assert len(counts) >= 5  # seen before, while it was down, and after, also on a slow machine
    assert all(later >= earlier for earlier, later in pairwise(counts))


def test_prometheus_gone_replicas_hold_and_the_condition_says_why(here: World, steady: str) -> None:
    here.prometheus.stop()
    try:
        wait_until("the condition to say why", lambda: ready(here)["reason"] == "SourceUnavailable", LONG)
        before, message = replicas(here), ready(here)["message"]
        time.sleep(20.0)

        assert "prometheus" in message
        assert f"holding {before} replicas" in message
        assert replicas(here) == before
    finally:
        here.prometheus.start()
    wait_until("recovery by itself", lambda: ready(here)["status"] == "True", LONG, here.operator.last_lines)


def test_api_server_restarted_the_same_objects_as_without(here: World, steady: str) -> None:
    before, known = replicas(here), {one["metadata"]["name"] for one in decisions(here, steady)}
    here.cluster.stop("kube-apiserver")
    time.sleep(5.0)
    here.cluster.start("kube-apiserver")
    here.kubectl.patch("warmingpolicy", "steady", steady, {"spec": {"scaling": {"minReplicas": before + 2}}})
    wait_until("a change made afterwards to be followed", lambda: replicas(here) == before + 2, LONG)

    assert here.operator.alive
    new = [one["spec"]["actions"] for one in decisions(here, steady) if one["metadata"]["name"] not in known]
    assert [actions[0]["to"] for actions in new].count(before + 2) == 1
    here.kubectl.patch("warmingpolicy", "steady", steady, {"spec": {"scaling": {"minReplicas": 1}}})


def test_policy_deleted_while_the_operator_is_down_nothing_hangs(here: World) -> None:
    here.kubectl.apply(namespace("gone"))
    here.kubectl.apply(
        deployment("gone", "steady", 1, "2s"), policy("gone", "steady", rate_of("steady"), 50, mode="Act")
    )
    wait_until("a decision", lambda: bool(here.kubectl.list("scalingdecisions", "gone")), LONG)
    here.operator.stop()
    try:
        here.kubectl.run("delete", "warmingpolicy", "steady", "-n", "gone", "--timeout=100s")
        wait_until("its decisions to go with it", lambda: not here.kubectl.list("scalingdecisions", "gone"), LONG)
        workload = here.kubectl.get("deployment", "steady", "gone")
        here.kubectl.run("delete", "namespace", "gone", "--timeout=150s")
    finally:
        here.operator.start()

    assert workload["spec"]["replicas"] >= 1  # replicas stay as they are
    assert "gone" not in [found["metadata"]["name"] for found in here.kubectl.list("namespaces")]
