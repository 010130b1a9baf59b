"""The engine with its standby rung over a trace, beside the same policy without rungs and without any warming.

    ladder          the policy with rungs.standby and rungs.parking
    replicas only   the same without rungs, kappa chosen so that its cold share is the ladder's
    no warming      strategy Reactive, its utilisations chosen so that its cold share is the ladder's

All three live in the same world (replay.pods) and the same time. What the knobs of the other two are for the same cold
share is found in hindsight, which the ladder does not get.

A promotion is looked for when a pod becomes ready or the ReplicaSet changes, a second later; between passes too. Passes
are those of `replay.passes`, each at its own time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edgewarm.engine.standby import StandbyRung
from edgewarm.engine.tick import Engine
from edgewarm.model.policy import Policy, Strategy
from edgewarm.model.rungs import Rungs
from edgewarm.replay.account import Level, Sums, at_cold_share, spent
from edgewarm.replay.passes import LIVE_PASS_SECONDS, Progress, Rhythm, beginning, each_pass, learned_engine
from edgewarm.replay.pods import PodCluster
from edgewarm.replay.scene import Scene

PROMOTION_SECONDS = 1.0
KAPPAS = (0.3, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0, 20.0, 30.0, 50.0, 99.0)
"""Tried for replicas only, from cold to warm; levels above that of 99 are not calibrated."""
UTILIZATIONS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Tried for no warming, from cold to warm; it scales in below nine tenths of each, as an HPA's tolerance has it."""
TOLERANCE = 0.9


def asks_for_it(policy: Policy) -> bool:
    """Whether a policy has a rung that a trace can show."""
    return policy.rungs.standby is not None


def left_out(policy: Policy) -> str | None:
    """What a replay of the ladder cannot show of this policy's rungs, in words; None where it shows all."""
    rungs = policy.rungs
    image = rungs.image is not None and rungs.image.asked
    rest = rungs.standby is not None and rungs.standby.rest is not None
    asked = {
        "nodeRoom": rungs.node_room is not None,
        "image": image,
        "data": rungs.data is not None,
        "standby.rest": rest,
        "migration": rungs.migration,
    }
    names = [f"rungs.{name}" for name, there in asked.items() if there]
    if not names:
        return None
    return f"{', '.join(names)} left out: a trace has no nodes, which could lack room, images, data or cpu, or be left"


async def climbed(scene: Scene, policy: Policy, rhythm: Rhythm, progress: Progress = lambda done, of: None) -> Sums:
    """What the operator would have held over the test span, its standbys included."""
    standby = policy.rungs.standby
    plain = None if standby is None else replace(standby, rest=None)
    asked = replace(policy, rungs=Rungs(plain, policy.rungs.parking, image=None))
    world = PodCluster(*beginning(scene, asked, rhythm))
    async with learned_engine(scene, world, rhythm, (StandbyRung(),)) as engine:
        return await Climb(scene, engine, world, rhythm).run(progress)


@dataclass
class Climb:
    """One course in the making: the world goes on from event to event, and every stretch of time is accounted for."""

    scene: Scene
    engine: Engine
    world: PodCluster
    rhythm: Rhythm
    sums: Sums = field(default_factory=Sums)
    demand: float = math.nan

    async def run(self, progress: Progress) -> Sums:
        """Over the test span."""
        scene, world = self.scene, self.world
        await self._until(scene.trace.time(scene.begin))
        self.sums, before = Sums(), (world.started, world.promotions, world.parkings)
        for row, _, at in each_pass(scene, self.rhythm, progress):
            self.demand = float(scene.trace.values[row])
            await self._pass(at)
        after = (world.started, world.promotions, world.parkings)
        starts, promotions, parkings = (float(late - early) for early, late in zip(before, after, strict=True))
        return replace(self.sums, starts=starts, promotions=promotions, parkings=parkings)

    async def _pass(self, at: float) -> None:
        """One pass, and those that follow it while they raise, then the time until the next one is due."""
        end = at + self.rhythm.pass_seconds
        while True:
            before = self.world.crew
            await self.engine.run_pass(self.world.now)
            after, following = self.world.crew, self.world.now + LIVE_PASS_SECONDS
            raised = after.serving + after.starting > before.serving + before.starting
            if not raised or following >= end:
                break
            await self._until(following)
        await self._until(end)

    async def _until(self, end: float) -> None:
        """Time goes on, and what can be promoted is."""
        world = self.world
        while world.now < end:
            if world.stirred_up and world.now + PROMOTION_SECONDS < end:
                world.stirred_up = False
                self._advance(min(world.now + PROMOTION_SECONDS, end))
                if world.crew.starting and world.crew.standby:
                    await self.engine.promote(world.now)
            else:
                self._advance(min(world.next_ready, end))

    def _advance(self, now: float) -> None:
        """Accounts for the time until then; pods that become ready on the way begin to serve when they do."""
        while (ready := min(self.world.next_ready, now)) <= now:
            minutes = (ready - self.world.now) / 60
            self.sums = self.sums.plus(spent(self.world.crew, self.demand, self.scene.capacity, minutes))
            self.world.advance(ready)
            if ready == now:
                return


@dataclass(frozen=True)
class Ladder:
    """The ladder at one kappa, and what the other two cost at its cold share; `price` is that of a standby."""

    kappa: float
    price: float
    ladder: Sums
    replicas: Level
    reactive: Level


Run = Callable[[Policy, str], Sums]
"""(policy, what it is called) -> its course."""


class Comparing:
    """Courses are run once, however often they are asked for."""

    def __init__(self, policy: Policy, run: Run) -> None:
        self._policy = policy
        self._bare = replace(policy, rungs=Rungs(image=None))
        self._run = run
        self._kept: dict[tuple[str, float], Sums] = {}

    def at(self, kappa: float) -> Ladder:
        """The ladder at this kappa, the others at its cold share."""
        standby = self._policy.rungs.standby
        assert standby is not None
        ladder = self._run(replace(self._policy, kappa=kappa), f"ladder, kappa {kappa:g}")
        knobs = tuple(sorted({*KAPPAS, kappa}))
        replicas = at_cold_share(self._replicas, knobs, knobs.index(kappa), ladder.cold_share)
        first = UTILIZATIONS.index(0.8)
        reactive = at_cold_share(self._reactive, UTILIZATIONS, first, ladder.cold_share)
        return Ladder(kappa, standby.price, ladder, replicas, reactive)

    def _replicas(self, kappa: float) -> Sums:
        return self._once("replicas only, kappa", kappa, replace(self._bare, kappa=kappa))

    def _reactive(self, utilization: float) -> Sums:
        policy = replace(
            self._bare,
            strategy=Strategy.REACTIVE,
            schedules=(),
            scale_up_utilization=utilization,
            scale_down_utilization=TOLERANCE * utilization,
        )
        return self._once("no warming, utilisation", utilization, policy)

    def _once(self, what: str, knob: float, policy: Policy) -> Sums:
        if (what, knob) not in self._kept:
            self._kept[what, knob] = self._run(policy, f"{what} {knob:g}")
        return self._kept[what, knob]


def compared(policy: Policy, kappas: Sequence[float], run: Run) -> tuple[Ladder, ...]:
    """One comparison per kappa; none where the policy asks for no standbys."""
    if not asks_for_it(policy):
        return ()
    comparing = Comparing(policy, run)
    return tuple(comparing.at(kappa) for kappa in kappas)
