"""Scaling in parks what the forecast wants back, and never more than is taken away."""

from __future__ import annotations

import pytest

from edgewarm.decide.parking import parkable, parkings
from edgewarm.decide.promoting import Crew, is_draining, parked_at
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.workload import Pod
from support.builders import NOW, outlook, situation
from support.warm import pod, replica_set, standby, twin

pytestmark = pytest.mark.unit
SIX = outlook(300.0)  # six pods of 50 are foreseen with certainty


@pytest.mark.parametrize(
    ("current", "after", "there", "terms", "count"),
    [
        pytest.param(6, 4, 0, StandbyTerms(), 2, id="all that is taken away is wanted back: 6 - 4"),
        pytest.param(8, 4, 0, StandbyTerms(), 2, id="of four two are"),
        pytest.param(8, 4, 1, StandbyTerms(), 1, id="one standby is there already"),
        pytest.param(8, 4, 5, StandbyTerms(), 0, id="enough are"),
        pytest.param(8, 7, 0, StandbyTerms(), 0, id="none is wanted back: 6 <= 7"),
        pytest.param(8, 7, 0, StandbyTerms(least=3), 1, id="never more than is taken away"),
        pytest.param(8, 2, 0, StandbyTerms(most=1), 1, id="never more than max"),
        pytest.param(4, 4, 0, StandbyTerms(least=3), 0, id="nothing is taken away"),
    ],
)
def test_how_many_are_parked(current: int, after: int, there: int, terms: StandbyTerms, count: int) -> None:
    assert parkable(situation(current=current, lead_seconds=120.0, outlook=SIX), terms, after, there) == count


def test_those_are_parked_that_the_replica_set_would_delete() -> None:
    pods = (
        pod("alone", node="node-2", ready_at=NOW),
        pod("old", ready_at=NOW - 900),
        pod("young", ready_at=NOW - 10),
        pod("middle", ready_at=NOW - 500),
    )
    # node-1 has three, then two: the youngest of them, then the next; alone on its node is the youngest of all
    assert [one.key.name for one in parkings(Crew(replica_set(4), pods, ()), 2, 2)] == ["young", "middle"]


TWO = (pod("a"), pod("b"))


@pytest.mark.parametrize(
    ("third", "after", "count"),
    [
        pytest.param(twin("c"), 2, 0, id="one is still starting: it goes"),
        pytest.param(pod("c", ready_at=None), 2, 0, id="one is not ready now: it goes"),
        pytest.param(pod("c", deleting=True), 2, 0, id="one is going"),
        pytest.param(twin("c"), 1, 1, id="and one that is ready is parked"),
        pytest.param(twin("c"), 0, 2, id="or two"),
        pytest.param(pod("c"), 1, 2, id="all are ready"),
        pytest.param(pod("c"), 3, 0, id="all stay"),
    ],
)
def test_of_those_that_are_ready_as_many_stay_as_replicas_are_left(third: Pod, after: int, count: int) -> None:
    """Three are asked for."""
    assert len(parkings(Crew(replica_set(3), (*TWO, third), ()), 3, after)) == count


def test_a_parked_pod_drains_for_its_time_and_a_standby_that_never_served_does_not() -> None:
    parked = standby("s1", labels={**standby("s1").labels, "edgewarm.io/parked-at": str(int(NOW))})
    assert parked_at(parked) == NOW
    assert (is_draining(parked, 30.0, NOW + 29), is_draining(parked, 30.0, NOW + 30)) == (True, False)
    assert not is_draining(standby("s2"), 30.0, NOW)
