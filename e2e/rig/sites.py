"""Edge sites on simulated nodes: a pool with budgets each, and a workload there with rungs below its replicas."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgewarm.model.units import parse_quantity
from rig.audit import PULLS, Held, most
from rig.objects import Manifest, deployment, policy, rate_of, service
from rig.ramps import COLD_START_SECONDS
from rig.recorder import Sample, first_endpoints, need_at
from rig.world import App, World

LABEL = "edge.test/site"
PULLS_AT_ONCE = 10.0
LADDER = "ladder"
"""The namespace of the arm with rungs."""
WARM_PODS = 4
BEFORE_SECONDS = 120.0  # before a ramp, when nobody has begun to raise for it
BUDGETS: Mapping[str, Any] = {"cpu": "250m", "memory": "320Mi", "pods": WARM_PODS}
"""A pod asks for 50m and 64Mi, so four are the first to be too many."""


@dataclass(frozen=True)
class Site:
    """Some nodes with a label of their own, and a pool over them."""

    name: str
    nodes: tuple[str, ...]

    @property
    def budgets(self) -> Mapping[str, float]:
        """Cores, bytes, pods; and the pulls at once that a pool allows where it does not say."""
        return {**{name: float(parse_quantity(str(limit))) for name, limit in BUDGETS.items()}, PULLS: PULLS_AT_ONCE}

    def most(self, held: Iterable[Held]) -> Mapping[str, float]:
        """The most that was held on its nodes at any moment."""
        return most(held, self.nodes)

    def beyond(self, held: Iterable[Held]) -> dict[str, tuple[float, float]]:
        """What was ever held above the pool's budgets: (most, budget) by resource."""
        seen, limits = self.most(held), self.budgets
        return {name: (seen[name], limit) for name, limit in limits.items() if seen.get(name, 0.0) > limit + 1e-9}


def make_site(here: World, name: str, nodes: int) -> Site:
    """New nodes, and the pool."""
    made = Site(name, tuple(here.cluster.add_nodes(nodes, {LABEL: name})))
    spec = {"selector": {"matchLabels": {LABEL: name}}, "budgets": dict(BUDGETS)}
    here.kubectl.apply(
        {"apiVersion": "edgewarm.io/v1alpha1", "kind": "EdgeNodePool", "metadata": {"name": name}, "spec": spec}
    )
    return made


def at_site(found: Manifest, site: str) -> Manifest:
    """The Deployment, on the nodes of a site only."""
    found["spec"]["template"]["spec"]["nodeSelector"] = {LABEL: site}
    return found


def start_at_site(here: World, place: str, app: App, site: str, **spec: Any) -> None:
    """A Deployment and a Service of the app on a site, and a policy in mode Act; `spec` adds to that."""
    replicas = need_at(app.curve, app.capacity, time.time()) + 1
    cold = f"{COLD_START_SECONDS:.0f}s"
    wanted: dict[str, Any] = {"mode": "Act", "forecast": {"predictionHorizon": cold}, **spec}
    here.kubectl.apply(
        at_site(deployment(place, app.name, replicas, cold), site),
        service(place, app.name),
        policy(place, app.name, rate_of(app.name), app.capacity, **wanted),
    )


def ladder(site: str) -> dict[str, Any]:
    """The rungs of an arm that holds them: more standbys than the pool's budgets allow."""
    return {"poolRef": {"name": site}, "rungs": {"standby": {"min": 3, "max": 10}, "parking": {"drain": "5s"}}}


def gained(ours: Sequence[Sample], theirs: Sequence[Sample], ramp_at: float) -> list[float]:
    """Seconds by which ours had each endpoint sooner: the first of a rise, almost as many as were held warm.

    An endpoint that did not come counts as come when the samples end.
    """
    start = ramp_at - BEFORE_SECONDS
    base = max([one.endpoints for one in (*ours, *theirs) if start - 30 <= one.at < start], default=0)
    assert base, "the ramp was over before anybody looked"

    def times(samples: Sequence[Sample]) -> list[float]:
        seen = [one for one in samples if one.at >= start]
        found = [first_endpoints(seen, base + count) for count in range(1, WARM_PODS)]
        return [seen[-1].at if at is None else at for at in found]

    return [later - sooner for sooner, later in zip(times(ours), times(theirs), strict=True)]
