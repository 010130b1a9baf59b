"""Standbys on a real node: how soon a Service answers by one that waited with little cpu, and what each kind holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from controlplane.real_node import RealNode
from controlplane.real_node.images import workload_image
from controlplane.waiting import wait_until
from rig.answers import first_answer, ready_pods, service, unstarted
from rig.moving import PLACE
from rig.objects import Manifest, policy
from rig.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.real_node]

MEGABYTE = 1_000_000
SIZE = 100 * MEGABYTE
RATE = 10 * MEGABYTE  # bytes/s of the link
FULL, REST = ("200m", "400m"), ("20m", "100m")
RUNGS: dict[str, dict[str, Any]] = {
    "no-standby": {},
    "full-standby": {"min": 1, "max": 1},
    "resting-standby": {"min": 1, "max": 1, "rest": {"cpu": REST[0], "limit": REST[1]}},
}
HELD = {"full-standby": FULL, "resting-standby": REST}


def workload(name: str, image: str, seconds: int) -> Manifest:
    """Its pods request a fifth of a core, and listen after so long."""
    made = unstarted(name, image)
    pod = made["spec"]["template"]["spec"]
    requests = {"cpu": FULL[0], "memory": "32Mi"}
    pod["containers"][0]["resources"] = {"requests": requests, "limits": {"cpu": FULL[1]}}
    pod["containers"][0]["env"] = [{"name": "START_SECONDS", "value": str(seconds)}]
    return made


def standing(name: str, standby: dict[str, Any]) -> Manifest:
    """No demand, and so many standbys whatever is forecast; what the test scales out is not taken back."""
    kept = {"minReplicas": 0, "behavior": {"scaleDown": {"selectPolicy": "Disabled"}}}
    return policy(PLACE, name, "vector(0)", 50, mode="Act", scaling=kept, rungs={"standby": standby})


def standby_of(here: World, name: str) -> dict[str, Any] | None:
    return next(iter(ready_pods(here, f"edgewarm.io/rung=Standby,edgewarm.io/policy={name}")), None)


def given(pod: dict[str, Any] | None) -> tuple[str, str]:
    """(request, limit) of cpu that the kubelet says its container has."""
    found = (pod or {}).get("status", {}).get("containerStatuses", [{}])[0].get("resources", {})
    return found.get("requests", {}).get("cpu", ""), found.get("limits", {}).get("cpu", "")


@contextmanager
def opened(
    here: World, node: RealNode, names: Iterable[str], size: int, seconds: int
) -> Iterator[dict[str, dict[str, Any]]]:
    """One workload for each way to wait, of an image of its own; the standbys once they have the cpu they wait with."""
    images = {name: node.push(name, workload_image(size + 4096 * n)) for n, name in enumerate(names, 3)}
    try:
        for name, image in images.items():
            here.kubectl.apply(workload(name, image, seconds), service(name))
        for name in HELD.keys() & images.keys():
            here.kubectl.apply(standing(name, RUNGS[name]))
        yield {name: rested(here, name) for name in HELD if name in images}
    finally:
        node.shape(0)
        for kind in ("deployment", "service", "wp"):
            here.kubectl.run("delete", kind, *images, "-n", PLACE, "--ignore-not-found")


def rested(here: World, name: str) -> dict[str, Any]:
    wait_until(
        f"standby of {name}", lambda: given(standby_of(here, name)) == HELD[name], 120.0, here.operator.last_lines
    )
    found = standby_of(here, name)
    assert found is not None
    return found


def assert_serves(here: World, name: str, was: dict[str, Any]) -> None:
    """It is the standby that serves, in the same container, with the cpu of its template."""
    (serving,) = ready_pods(here, f"app={name}")
    assert serving["metadata"]["uid"] == was["metadata"]["uid"]
    assert given(serving) == FULL
    status, before = (pod["status"]["containerStatuses"][0] for pod in (serving, was))
    assert (status["restartCount"], status["containerID"]) == (0, before["containerID"])


@pytest.mark.slow
def test_a_resting_standby_answers_long_before_a_cold_pod_with_all_its_cpu_and_no_restart(
    here: World, node: RealNode, record_property: Callable[[str, object], None]
) -> None:
    with opened(here, node, RUNGS, SIZE, 10) as standbys:
        node.shape(RATE)
        answers = {name: first_answer(here, name) for name in RUNGS}
        for name, answer in answers.items():
            answer.tell(record_property, name)
        for name, was in standbys.items():
            assert answers[name].seconds < answers["no-standby"].seconds / 4
            assert answers[name].held == HELD[name][0]
            assert_serves(here, name, was)
