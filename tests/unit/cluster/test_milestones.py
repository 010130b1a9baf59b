"""What a pod's status and its Events tell of its start."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgewarm.cluster import kinds
from edgewarm.cluster.milestones import pull
from edgewarm.model.stages import Milestones, Pull, PullOf

pytestmark = pytest.mark.unit

META = {"name": "web", "namespace": "shop", "uid": "u1", "creationTimestamp": "1970-01-01T00:01:40Z"}


def clock(seconds: int) -> str:
    return f"1970-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z"


def ran(at: int, restarts: int = 0) -> dict[str, Any]:
    return {"name": "c", "restartCount": restarts, "state": {"running": {"startedAt": clock(at)}}}


def seen(spec: dict[str, Any] | None = None, **status: Any) -> Milestones:
    body = {"metadata": META, "spec": {"containers": [{"image": "web:1"}], **(spec or {})}, "status": status}
    return kinds.pod(msgspec.json.encode(body)).milestones


def conditions(**times: int) -> list[dict[str, Any]]:
    return [{"type": kind, "status": "True", "lastTransitionTime": clock(at)} for kind, at in times.items()]


def test_the_times_of_a_start() -> None:
    found = seen(
        conditions=[
            *conditions(PodScheduled=102, PodReadyToStartContainers=105, Initialized=103),
            {"type": "Ready", "status": "False", "lastTransitionTime": clock(103)},
        ],
        startTime=clock(103),
        containerStatuses=[ran(125)],
    )
    times = (found.scheduled_at, found.acknowledged_at, found.sandbox_at, found.initialized_at, found.started_at)
    assert times == (102.0, 103.0, 105.0, 103.0, 125.0)
    assert found.images == {"docker.io/library/web:1"}


@pytest.mark.parametrize(
    ("statuses", "started_at"),
    [
        pytest.param([], None, id="not told yet"),
        pytest.param([{"name": "c", "state": {"waiting": {"reason": "ErrImagePull"}}}], None, id="waiting"),
        pytest.param([ran(110)], None, id="one of two"),
        pytest.param([ran(110), ran(120)], 120.0, id="the later of two"),
        pytest.param([ran(110), ran(120, restarts=1)], None, id="one ran twice: its first start is not told"),
    ],
)
def test_a_pod_has_started_when_its_last_container_runs(statuses: list[Any], started_at: float | None) -> None:
    two = {"containers": [{"image": "web:1"}, {"image": "proxy"}]}
    assert seen(two, containerStatuses=statuses).started_at == started_at


def mounting(name: str) -> dict[str, Any]:
    return {"image": "fetch:1", "volumeMounts": [{"name": name, "mountPath": "/d"}]}


PLAIN = [{"name": "a", "configMap": {"name": "x"}}, {"name": "b", "emptyDir": {}}, {"name": "c", "projected": {}}]


@pytest.mark.parametrize(
    ("spec", "fills", "init_fills"),
    [
        pytest.param({}, False, False, id="no volumes"),
        pytest.param({"volumes": PLAIN}, False, False, id="volumes that the kubelet fills by itself"),
        pytest.param({"volumes": [{"name": "d", "persistentVolumeClaim": {}}]}, True, False, id="a claim"),
        pytest.param({"volumes": [{"name": "d", "image": {"reference": "data:1"}}]}, True, False, id="an image"),
        pytest.param(
            {"volumes": [{"name": "d", "hostPath": {"path": "/x"}}], "initContainers": [mounting("d")]},
            True,
            True,
            id="an init container that mounts the data",
        ),
        pytest.param({"volumes": PLAIN, "initContainers": [mounting("b")]}, False, False, id="one that mounts none"),
    ],
)
def test_which_volumes_hold_data(spec: dict[str, Any], fills: bool, init_fills: bool) -> None:
    found = seen(spec)
    assert (found.fills, found.init_fills) == (fills, init_fills)


def event(message: str, part: str = "spec.containers{web}", reason: str = "Pulled") -> bytes:
    involved = {"kind": "Pod", "name": "web", "uid": "u1", **({"fieldPath": part} if part else {})}
    body = {"reason": reason, "message": message, "involvedObject": involved, "source": {"host": "n1"}}
    return msgspec.json.encode({"metadata": {"name": "web.1"}, **body})


PULLED = 'Successfully pulled image "web:1" in 1.5s (1m2.25s including waiting). Image size: 104857600 bytes.'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            event(PULLED), Pull("u1", "n1", "web:1", PullOf.CONTAINER, 62.25, 1.5, 104857600), id="Kubernetes 1.29 on"
        ),
        pytest.param(
            event('Successfully pulled image "web:1" in 350ms (350ms including waiting)'),
            Pull("u1", "n1", "web:1", PullOf.CONTAINER, 0.35, 0.35),
            id="before sizes were told",
        ),
        pytest.param(
            event('Successfully pulled image "web:1" in 2.5s'),
            Pull("u1", "n1", "web:1", PullOf.CONTAINER, 2.5, 2.5),
            id="before waiting was told",
        ),
        pytest.param(
            event('Container image "web:1" already present on machine and can be accessed by the pod'),
            Pull("u1", "n1", "web:1", PullOf.CONTAINER),
            id="already present",
        ),
        pytest.param(event(PULLED, "spec.initContainers{a}"), "Init", id="of an init container"),
        pytest.param(event(PULLED, ""), "Volume", id="kubelets name no part for an image volume"),
        pytest.param(event("Pulled by other means"), None, id="words we do not know"),
        pytest.param(event(PULLED, reason="Pulling"), None, id="another reason"),
    ],
)
def test_what_a_kubelet_says_of_a_pull(raw: bytes, expected: Pull | str | None) -> None:
    found = pull(raw)
    assert (found.of if isinstance(expected, str) and found else found) == expected
    assert found is None or found.present is ("already" in raw.decode())
