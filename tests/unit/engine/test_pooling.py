"""What a policy's pods count for in its pool: at rest, and when they rise to serve."""

from __future__ import annotations

import pytest

from edgewarm.engine.pooling import Asker, holdings
from edgewarm.model.amounts import CPU
from edgewarm.model.workload import Pod
from support.builders import NOW, policy_object
from support.rungs import standing_policy
from support.warm import deployment, full, resting, rising, sized, standby

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("pod", "beyond", "cpu", "rise", "may_go"),
    [
        pytest.param(standby("s"), 0.0, 1.0, 0.0, True, id="a plain one: what a pod asks for"),
        pytest.param(resting("s"), 0.0, 0.1, 0.9, True, id="one at rest, and the room of its rise"),
        pytest.param(rising("s"), 0.0, 1.0, 0.0, True, id="one that rises though no pod is lacking counts whole"),
        pytest.param(
            rising("s"), 0.9, 0.1, 0.0, False, id="for a pod that is lacking: as at rest, and nobody's victim"
        ),
        pytest.param(full("s"), 0.9, 0.1, 0.0, False, id="and it has risen"),
    ],
)
def test_what_a_standby_holds(pod: Pod, beyond: float, cpu: float, rise: float, may_go: bool) -> None:
    item = policy_object(policy=standing_policy())
    assert item.policy is not None
    web = deployment(template=sized(), asks={CPU: 1.0, "pods": 1.0})
    asker = Asker(item, item.policy, web, (pod,), beyond={pod.uid: beyond} if beyond else {})
    (held,) = holdings(asker, NOW)
    assert held.amounts == {CPU: pytest.approx(cpu), "pods": 1.0}
    assert held.rise.get(CPU, 0.0) == pytest.approx(rise)
    assert held.preemptible is may_go
