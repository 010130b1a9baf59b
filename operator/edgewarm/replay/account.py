"""What a course of the ladder cost, summed in continuous time: pods serve, start or stand by; demand is met or not.

    idle    = sum (serving - need)+         starting = sum of replicas on their way up       standby = sum of standbys
    short   = sum (need - serving)+         in pod-minutes, over the times whose demand is known
    cold share = sum (demand - serving x capacity)+ / sum demand
    cost    = idle + starting + price x standby + kappa x short                    price: rungs.standby.holdingCost
    held    = needed - short + idle + starting + standby                           what a bill shows, standbys whole

Two courses mixed in time, w of the one and 1 - w of the other, have the mix of all their sums. So what a policy costs
at a given cold share is read off between two of its settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from edgewarm.decide.newsvendor import need


@dataclass(frozen=True, slots=True)
class Crew:
    """Pods at one moment: replicas that are ready, replicas that are not, and standbys, ready or not."""

    serving: int
    starting: int
    standby: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Pod-minutes but for `demand` and `cold` (demand-minutes), `minutes`, and the last three, which are pods."""

    idle: float = 0.0
    starting: float = 0.0
    standby: float = 0.0
    short: float = 0.0
    needed: float = 0.0
    demand: float = 0.0
    cold: float = 0.0
    minutes: float = 0.0
    starts: float = 0.0
    promotions: float = 0.0
    parkings: float = 0.0

    @property
    def cold_share(self) -> float:
        return self.cold / (self.demand or 1.0)

    @property
    def held(self) -> float:
        return self.needed - self.short + self.idle + self.starting + self.standby

    @property
    def starts_per_hour(self) -> float:
        return 60 * self.starts / (self.minutes or 1.0)

    def cost(self, kappa: float, price: float) -> float:
        """Idle pod-minutes, a standby's counting `price` of one, a short one counting kappa of them."""
        return self.idle + self.starting + price * self.standby + kappa * self.short

    def plus(self, other: Sums, weight: float = 1.0) -> Sums:
        """This and `weight` times the other."""
        names = [one.name for one in fields(self)]
        return Sums(**{name: getattr(self, name) + weight * getattr(other, name) for name in names})


def spent(crew: Crew, demand: float, capacity: float, minutes: float) -> Sums:
    """So many minutes with these pods under this demand; nothing where it is unknown."""
    if math.isnan(demand):
        return Sums()
    needed = need(demand, capacity)
    return Sums(
        idle=minutes * max(0, crew.serving - needed),
        starting=minutes * crew.starting,
        standby=minutes * crew.standby,
        short=minutes * max(0, needed - crew.serving),
        needed=minutes * needed,
        demand=minutes * demand,
        cold=minutes * max(0.0, demand - crew.serving * capacity),
        minutes=minutes,
    )


def mixed(one: Sums, other: Sums, cold_share: float) -> Sums:
    """The mix in time of two courses on one demand that has this cold share, which lies between theirs.

    >>> mixed(Sums(idle=4.0, demand=100.0), Sums(demand=100.0, cold=4.0), 0.01).idle
    3.0
    """
    apart = other.cold_share - one.cold_share
    weight = 0.0 if abs(apart) < 1e-12 else (cold_share - one.cold_share) / apart
    return Sums().plus(one, 1 - weight).plus(other, weight)


@dataclass(frozen=True, slots=True)
class Level:
    """What a policy costs at a wanted cold share, and the one or two knobs that it was read off between.

    `reached` is False where no knob that was tried has so small a cold share; then it is the knob with the smallest.
    """

    sums: Sums
    knobs: tuple[float, ...]
    reached: bool = True


def at_cold_share(course: Callable[[float], Sums], knobs: Sequence[float], first: int, cold_share: float) -> Level:
    """Walks along `knobs`, sorted from cold to warm, from the one at index `first` until two have it between them."""
    found = course(knobs[first])
    step = 1 if found.cold_share > cold_share else -1
    place = first
    while 0 <= place + step < len(knobs):
        following = course(knobs[place + step])
        place += step
        if (following.cold_share - cold_share) * step <= 0:
            pair = sorted((knobs[place - step], knobs[place]))
            return Level(mixed(found, following, cold_share), tuple(pair))
        found = following
    return Level(found, (knobs[place],), found.cold_share <= cold_share)
