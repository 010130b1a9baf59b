"""What wakes the promotions, and what does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from edgewarm.cluster.owned import OwnedBy
from edgewarm.cluster.stirring import Stirring
from edgewarm.model.workload import Pod, Rollout
from support.warm import ROLLED_OUT, deployment, pod, replica_set, standby, twin

pytestmark = pytest.mark.unit


async def stirs(stirring: Stirring) -> bool:
    try:
        await asyncio.wait_for(stirring.wait(), 0.01)
    except TimeoutError:
        return False
    return True


@pytest.fixture
async def awake() -> Stirring:
    """A namespace with a standby; what that stirred is over."""
    stirring = Stirring()
    stirring.pod(None, standby("s1"))
    assert await stirs(stirring)
    return stirring


async def test_a_replica_set_that_wants_more_stirs(awake: Stirring) -> None:
    awake.replica_set(replica_set(2), replica_set(4))
    assert await stirs(awake)
    assert not await stirs(awake)  # once
    awake.replica_set(replica_set(4), replica_set(4, counted=3))
    assert not await stirs(awake)


async def test_pods_that_come_go_or_get_ready_stir_and_other_news_of_them_do_not(awake: Stirring) -> None:
    for old, new in (
        (None, twin("t")),
        (pod("a"), None),
        (twin("t"), pod("t")),
        (pod("a"), replace(pod("a"), deleting=True)),
    ):
        awake.pod(old, new)
        assert await stirs(awake), (old, new)
    awake.pod(pod("a"), replace(pod("a"), resource_version="8"))
    assert not await stirs(awake)


async def test_a_rollout_that_ends_stirs(awake: Stirring) -> None:
    awake.workload(deployment(Rollout("1", True)), deployment(ROLLED_OUT))
    assert await stirs(awake)
    awake.workload(deployment(), deployment(ready=3))
    assert not await stirs(awake)


async def test_where_no_standby_is_nothing_stirs(awake: Stirring) -> None:
    awake.replica_set(None, replica_set(4, key=replace(replica_set().key, namespace="other")))
    assert not await stirs(awake)
    awake.pod(standby("s1"), None)
    await stirs(awake)
    awake.replica_set(replica_set(2), replica_set(4))
    assert not await stirs(awake)


def test_an_index_follows_objects_from_owner_to_owner_and_keeps_what_it_handed_out() -> None:
    index: OwnedBy[Pod] = OwnedBy()
    before = standby("s1")
    index.changed(None, before)
    handed_out = index.snapshot()
    index.changed(before, pod("s1"))
    assert list(handed_out["uid-web"].values()) == [before]
    assert index.tuples() == {"set-uid": (pod("s1"),)}
    index.changed(pod("s1"), None)
    assert index.snapshot() == {}
