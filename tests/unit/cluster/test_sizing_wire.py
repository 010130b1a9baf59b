"""What a pod on the wire says of its cpu, and what an API server says of resizing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgewarm.cluster.abilities import AGAIN_SECONDS, RETRY_SECONDS, Abilities
from edgewarm.cluster.sizing_wire import sizing
from edgewarm.model.errors import Unavailable
from edgewarm.model.sizing import Cpu, Sizing

pytestmark = pytest.mark.unit
HALF = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1"}}
LITTLE = {"requests": {"cpu": "20m", "memory": "1Gi"}, "limits": {"cpu": "100m"}}
PENDING = {"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "no cpu"}


def of(spec: dict[str, Any], status: dict[str, Any] | None, *conditions: dict[str, Any]) -> Sizing:
    told = {"name": "app", **({} if status is None else {"resources": status})}
    return sizing(
        json.dumps(
            {
                "spec": {"containers": [{"name": "app", "resources": spec}, {"name": "plain"}]},
                "status": {
                    "containerStatuses": [told, {"name": "plain", "resources": {}}],
                    "conditions": list(conditions),
                },
            }
        ).encode()
    )


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        pytest.param(of(HALF, HALF), Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.5, 1.0)}), id="as asked"),
        pytest.param(of(HALF, LITTLE), Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.02, 0.1)}), id="not yet"),
        pytest.param(of(HALF, None), Sizing({"app": Cpu(0.5, 1.0)}), id="a kubelet that says nothing"),
        pytest.param(
            of(HALF, LITTLE, PENDING),
            Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.02, 0.1)}, "Deferred: no cpu"),
            id="deferred",
        ),
        pytest.param(
            of(HALF, HALF, {**PENDING, "status": "False"}),
            Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.5, 1.0)}),
            id="no longer deferred",
        ),
        pytest.param(
            of(HALF, LITTLE, {"type": "PodResizeInProgress", "status": "True"}),
            Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.02, 0.1)}),
            id="in progress",
        ),
        pytest.param(
            of(HALF, LITTLE, {**PENDING, "type": "PodResizeInProgress", "reason": "Error"}),
            Sizing({"app": Cpu(0.5, 1.0)}, {"app": Cpu(0.02, 0.1)}, "Error: no cpu"),
            id="the kubelet fails",
        ),
    ],
)
def test_a_pod_says(found: Sizing, wanted: Sizing) -> None:
    assert found == wanted


def test_it_is_settled_once_it_has_what_is_asked() -> None:
    assert of(HALF, HALF).is_settled
    assert of(HALF, None).is_settled  # as it was created
    assert not of(HALF, LITTLE).is_settled
    assert not of(HALF, HALF, PENDING).is_settled


class Api:
    """Answers from a list; an error is raised."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)

    async def core_resources(self) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class EndOfTestError(Exception):
    """Nothing is asked after it."""


def serving(*names: str) -> bytes:
    return json.dumps({"resources": [{"name": name} for name in names]}).encode()


async def test_what_the_api_server_can_do_is_asked_again_and_a_failure_forgets_nothing() -> None:
    waits: list[float] = []
    answers = (Unavailable("away"), serving("pods", "pods/resize"), b"no list", serving("pods"))
    wanted = [None, True, True, False]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        assert found.can_resize is wanted[len(waits) - 1]
        if len(waits) == len(answers):
            raise EndOfTestError

    found = Abilities(Api(*answers), sleep)
    assert found.can_resize is None
    with pytest.raises(EndOfTestError):
        await found.run()
    assert waits == [RETRY_SECONDS, AGAIN_SECONDS, RETRY_SECONDS, AGAIN_SECONDS]
