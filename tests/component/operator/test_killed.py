"""The operator killed at every write of a scene of every rung: another begins, and exactly the wanted objects exist.

A scene is what stands, and what then happens. It is played once undisturbed; what stands afterwards is what is wanted,
and no kill may have fewer pods serve on the way, have one serve with less cpu, or lose more of those that were there.
Then it is played again and again: in the n-th the n-th write is the operator's last, once before the API server heard
of it and once after, until there is no n-th write. Reads are not killed: nothing is lost with them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from component.operator.crd_check import CrdCheck
from component.operator.kill_scenes import REST, SAMPLED, SCENES, Scene
from support.fake_api import Request
from support.fake_api.replica_sets import is_ready, owner_of
from support.operator_world import PASS, WRITES, OperatorWorld

pytestmark = pytest.mark.component

Done = Counter[tuple[Any, ...]]
PARKED_AT = "edgewarm.io/parked-at"  # whether a standby was parked or made anew is another question
OPEN = {None, "AwaitingApproval", "Approved", "Executing"}
PULLED = {"Image", "Data"}
ABOUT = re.compile(r"/v\w+/(?:namespaces/\w+/)?(\w+)(?:/[^/]+(/\w+)?)?$")
ALIKE = {"edge-1": "edge", "edge-2": "edge"}  # a pod that leaves node-1 may go to either
ALIVE = 1e9
LONGEST = 600.0  # a restart lowers nothing for 300 s
BY_NAME = {scene.name: scene for scene in SCENES}


@dataclass(frozen=True)
class Kill:
    """The number of the operator's last write, from 0, and whether the API server heard of it."""

    last: int
    heard: bool


@dataclass(frozen=True)
class End:
    """What stands in the end, how few pods served at the least, whether any did with less cpu, and how many are gone
    that were there."""

    standing: Done
    least: int
    low: bool
    gone: int


# --- what is wanted --------------------------------------------------------------------------------------------------


def standing(world: OperatorWorld) -> Done:
    """Pods by owner, rung, node, images and labels, and whether they are of use; the replicas; decisions not closed."""
    found: Done = Counter(map(_pod, world.api.objects("Pod")))
    found["replicas", world.replicas()] += 1
    found["open decisions", sum(phase in OPEN for phase in world.phases())] += 1
    return found


def _pod(pod: dict[str, Any]) -> tuple[Any, ...]:
    labels, notes = pod["metadata"].get("labels") or {}, pod["metadata"].get("annotations") or {}
    rung = labels.get("edgewarm.io/rung")
    images = tuple((one.get("image"), *one.get("args", ())) for one in pod["spec"]["containers"])
    node = notes.get("edgewarm.io/pull-node") or pod["spec"].get("nodeName")
    whole = pod.get("status", {}).get("phase") == "Failed" if rung in PULLED else is_ready(pod)
    told = tuple(sorted((name, value) for name, value in labels.items() if name != PARKED_AT))
    return owner_of(pod).get("kind"), rung, ALIKE.get(node, node), images, cpu(pod), whole, told


def cpu(pod: dict[str, Any]) -> tuple[str | None, ...]:
    """What each container asks for, and what each has been given since it is ready."""
    parts = (*pod["spec"]["containers"], *pod.get("status", {}).get("containerStatuses", ()))
    return tuple(part.get("resources", {}).get("requests", {}).get("cpu") for part in parts)


@dataclass
class Play:
    """A world in which a scene has just happened, and what was seen since."""

    world: OperatorWorld
    before: frozenset[str] = frozenset()
    least: int = 10**6
    low: bool = False
    logged: int = 0

    def __post_init__(self) -> None:
        self.before, self.logged = self._uids(), len(self.world.log)
        self.world.api.store.listeners.append(lambda _: self._look())

    def end(self) -> End:
        return End(standing(self.world), self.least, self.low, len(self.before - self._uids()))

    def steps(self) -> list[str]:
        """The operator's writes."""
        return [step(request) for _, request in self.world.log[self.logged :]]

    def _uids(self) -> frozenset[str]:
        return frozenset(pod["metadata"]["uid"] for pod in self.world.api.objects("Pod"))

    def _look(self) -> None:
        pods = [pod for pod in self.world.api.objects("Pod") if is_ready(pod)]
        serving = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get("app") == "checkout"]
        self.least = min(self.least, len(serving))
        self.low |= any(REST in cpu(pod) for pod in serving)


def step(request: Request) -> str:
    """Its verb and what it is about, such as `patch pods/resize`."""
    found = ABOUT.search(request.path)
    assert found is not None
    return f"{request.verb} {found[1]}{found[2] or ''}"


@asynccontextmanager
async def begun(path: Path, scene: Scene) -> AsyncIterator[Play]:
    """A scene that has just happened; whatever the operator writes in it must fit the CRDs."""
    path.mkdir()
    async with OperatorWorld(path) as world:
        check = CrdCheck(world.api)
        await scene.before(world)
        world.sets.delay, play = scene.cold, Play(world)
        scene.happens(world)
        yield play
        assert check.violations == []


async def undisturbed(path: Path, scene: Scene) -> tuple[End, list[str]]:
    """How it ends, and what the operator wrote."""
    async with begun(path, scene) as play:
        await play.world.passes(scene.seconds)
        return play.end(), play.steps()


async def disturbed(path: Path, scene: Scene, kill: Kill, wanted: End) -> tuple[End, list[str]] | None:
    """The same, up to the kill; None where there was no such write."""
    async with begun(path, scene) as play:
        if not await killed(play.world, kill, scene.seconds):
            return None
        steps = play.steps()[: kill.last + 1]
        await play.world.stop()
        play.world.api.recover()
        await play.world.start()
        await settled(play, wanted)
        return play.end(), steps


async def settled(play: Play, wanted: End) -> None:
    """Until what is wanted stands and no less is gone, and a minute longer."""
    for _ in range(round(LONGEST / PASS)):
        found = play.end()
        if found.standing == wanted.standing and found.gone >= wanted.gone:
            break
        await play.world.passes(PASS)
    await play.world.passes(60)


async def killed(world: OperatorWorld, kill: Kill, seconds: float) -> bool:
    """Whether it came to that write; from it on nothing goes through."""
    final = world.api.fail(0, verbs=WRITES, skip=kill.last, heard=True) if kill.heard else None
    rest = world.api.fail(0, times=ALIVE, verbs=WRITES, skip=kill.last)
    for _ in range(round(seconds / PASS)):
        await world.passes(PASS)
        if rest.times < ALIVE or (final is not None and not final.times):
            return True
    return False


def as_wanted(scene: Scene, found: End, wanted: End) -> bool:
    """The same pods too, unless the scene says that they need not be."""
    return (replace(found, gone=wanted.gone) if scene.anew else found) == wanted


@pytest.mark.parametrize("scene", [BY_NAME[name] for name in SAMPLED], ids=lambda scene: scene.name)
async def test_killed_at_a_write_that_matters_it_ends_where_it_would_have(tmp_path: Path, scene: Scene) -> None:
    """The sample."""
    wanted, steps = await undisturbed(tmp_path / "undisturbed", scene)
    last = steps.index(SAMPLED[scene.name])
    found = await disturbed(tmp_path / "killed", scene, Kill(last, True), wanted)
    assert found is not None
    assert found[1] == steps[: last + 1]
    assert as_wanted(scene, found[0], wanted), (found[0], wanted)


@pytest.mark.slow
@pytest.mark.parametrize("heard", [False, True], ids=["not heard", "heard"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_killed_at_any_write_it_ends_where_it_would_have(
    tmp_path: Path, scene: Scene, heard: bool, record_property: Callable[[str, object], None]
) -> None:
    wanted, steps = await undisturbed(tmp_path / "undisturbed", scene)
    last = 0
    while (found := await disturbed(tmp_path / str(last), scene, Kill(last, heard), wanted)) is not None:
        assert as_wanted(scene, found[0], wanted), (f"{found[1][last:]}, write {last}", found[0], wanted)
        last += 1
    record_property("writes", last)
    assert last == len(steps) >= 2
