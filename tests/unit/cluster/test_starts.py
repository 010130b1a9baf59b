"""First Readys: only what we saw from its beginning counts, and only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.cluster.starts import StartWatch
from edgewarm.model.identity import Key
from edgewarm.model.stages import Milestones, Pull, PullOf, Stage
from edgewarm.model.workload import Pod, PodStart

pytestmark = pytest.mark.unit

LABELS, HIDDEN = {"app": "checkout"}, {"app": "checkout-standby"}
PENDING = Pod(Key("shop", "a"), "u1", LABELS, "n1", "Pending", created_at=100.0, ready_at=None, deleting=False)
RUNNING = replace(PENDING, phase="Running")
READY = replace(RUNNING, ready_at=162.0)
START = PodStart(PENDING.key, LABELS, 100.0, 162.0, "n1")


def starts(*seen: Pod | None) -> tuple[PodStart, ...]:
    """What comes of seeing one pod in these states, one after the other; None is its deletion."""
    watch = StartWatch()
    old: Pod | None = None
    for new in seen:
        watch.changed(old, new)
        old = new
    return watch.take()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([PENDING, READY], [START], id="pending, then ready: 162 - 100 = 62 s"),
        pytest.param([PENDING, RUNNING, READY], [START], id="running on the way"),
        pytest.param([READY], [], id="ready when first seen"),
        pytest.param([RUNNING, READY], [], id="running when first seen: it may have been ready before"),
        pytest.param([PENDING, READY, RUNNING, READY], [START], id="readiness flaps: only the first"),
        pytest.param([READY, RUNNING, READY], [], id="a flap of a pod whose start we missed"),
        pytest.param([PENDING, None, READY], [], id="deleted before it was ready"),
        pytest.param([PENDING, replace(READY, uid="u2")], [], id="another pod took the name, ready when first seen"),
        pytest.param(
            [PENDING, replace(PENDING, uid="u2"), replace(READY, uid="u2")], [START], id="another pod, seen starting"
        ),
        pytest.param(
            [replace(PENDING, labels=HIDDEN), replace(READY, labels=HIDDEN), READY],
            [replace(START, labels=HIDDEN)],
            id="a promoted standby: one start, by the labels that are no workload's",
        ),
        pytest.param([PENDING, replace(READY, ready_at=99.0)], [], id="clocks disagree: ready before created"),
    ],
)
def test_a_start_is_a_first_ready_that_we_saw_coming(seen: list[Pod | None], expected: list[PodStart]) -> None:
    assert list(starts(*seen)) == expected


def test_each_start_is_taken_once() -> None:
    watch = StartWatch()
    watch.changed(None, PENDING)
    watch.changed(PENDING, READY)
    assert watch.take()[0].seconds == 62.0
    assert watch.take() == ()


def test_nothing_is_remembered_of_pods_that_are_gone() -> None:
    watch = StartWatch()
    for number in range(100):
        pod = replace(PENDING, uid=f"u{number}")
        watch.changed(None, pod)
        watch.changed(pod, None)
    assert not watch._waiting


WEB = frozenset({"docker.io/library/web:1"})
PULLED = Pull("u1", "n1", "web:1", PullOf.CONTAINER, 20.0, 20.0, 100_000_000)


def test_a_start_joins_the_events_of_its_pulls() -> None:
    watch = StartWatch()
    watch.changed(None, PENDING)
    watch.pulled(None, PULLED)
    watch.pulled(None, replace(PULLED, pod_uid="u2", seconds=50.0))
    milestones = Milestones(101.0, 101.0, 102.0, 101.0, 123.0, WEB)
    watch.changed(PENDING, replace(READY, milestones=milestones))
    (start,) = watch.take()
    # acknowledged 101, runs 123: 22 s, of which 20 were the pull; Ready 162 - 123
    assert start.stages == {
        Stage.SCHEDULING: 1.0,
        Stage.IMAGE: 20.0,
        Stage.DATA: 0.0,
        Stage.START: 2.0,
        Stage.READY: 39.0,
    }
    assert (start.node, start.image_bytes) == ("n1", 100_000_000)


def test_pulls_are_taken_once_and_forgotten_with_their_events() -> None:
    watch = StartWatch()
    watch.pulled(None, PULLED)
    assert watch.take_pulls() == (PULLED,)
    assert watch.take_pulls() == ()
    watch.pulled(PULLED, None)
    assert not watch._told
