"""The whole operator in process, in virtual time: real engine, cluster and sources over a fake API and Prometheus.

    async with OperatorWorld(tmp_path) as world:
        world.deployment("checkout", replicas=2)
        world.policy("checkout", scaling={"maxReplicas": 10})
        world.asked["checkout"] = lambda at: 100.0
        await world.start()
        await world.passes(seconds=600)

A pass is 15 virtual seconds: the clock moves, pods become Ready, the informers catch up, the engine runs, pods are made
or removed. Nothing sleeps: an informer's back-off ends when the virtual clock says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from edgewarm.api.parse import parse_decision, parse_policy
from edgewarm.api.parse_pool import parse_pool
from edgewarm.cluster.adapter import KubeCluster, Parsers
from edgewarm.cluster.client import ApiClient
from edgewarm.cluster.credentials import Credentials
from edgewarm.cluster.informer import Timing
from edgewarm.cluster.resources import (
    AUTOSCALERS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    OURS,
    PODS,
    PULLS,
    REPLICA_SETS,
    SCALED_OBJECTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from edgewarm.engine.rungs import Rung
from edgewarm.engine.tick import Engine, Ports
from edgewarm.model.demand import DemandRequest, FloatArray, History
from edgewarm.model.fits import FitRequest
from edgewarm.sources.demand import DemandSources, Name
from edgewarm.sources.library import Library
from edgewarm.sources.models import ForecastModels
from edgewarm.sources.settings import Plugin, Source, SourceSettings, Template
from edgewarm.telemetry.metrics import Metrics
from support.fake_api import FakeApi, FakeDeploymentController, FakeReplicaSets, Request
from support.fake_api.kubelet import FakeKubelets
from support.fake_api.replica_sets import REVISION, owner_of
from support.fake_api.store import Change
from support.fake_api.waiting import eventually
from support.fake_prometheus import FakePrometheus, Series
from support.virtual_clock import VirtualClock

Json = dict[str, Any]
Asked = Callable[[float], float | None]

MIDNIGHT = 1_700_006_400.0
"""2023-11-15 00:00 UTC."""

PASS = 15.0
SHOP = "shop"
FLEET_QUERY = "sum by (namespace, app) (rate(requests_total[1m]))"
WRITES = frozenset({"create", "update", "patch", "delete"})
_THEIRS = (
    DEPLOYMENTS,
    STATEFUL_SETS,
    REPLICA_SETS,
    SERVICES,
    PODS,
    PULLS,
    NODES,
    NAMESPACES,
    AUTOSCALERS,
    SCALED_OBJECTS,
)
FOLLOWED = frozenset(resource.plural for resource in (*OURS.values(), *_THEIRS))


class _Client(ApiClient):
    """The real client, which also knows how far each informer has followed."""

    def __init__(self, kubeconfig: Path, clock: Callable[[], float]) -> None:
        super().__init__(Credentials(str(kubeconfig)), clock, sleep=lambda _: asyncio.sleep(0))
        self.followed: dict[str, int] = {}
        self.watching: set[str] = set()

    async def watch(
        self, resource: Resource, resource_version: str, seconds: int, idle_seconds: float
    ) -> AsyncGenerator[bytes]:
        plural = resource.plural
        self.followed[plural] = int(resource_version)  # its list is in the cache by now
        try:
            async with aclosing(super().watch(resource, resource_version, seconds, idle_seconds)) as lines:
                async for line in lines:
                    yield line
                    self.watching.add(plural)  # the informer has taken a line in when it asks for the next one
                    if line:
                        version = msgspec.json.decode(line)["object"]["metadata"].get("resourceVersion", "0")
                        self.followed[plural] = int(version)
        finally:
            self.watching.discard(plural)


class _Sources(DemandSources):
    """The real sources, which also count the histories that were asked for."""

    lessons = 0

    async def history(
        self, requests: Mapping[Name, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[Name, History]:
        self.lessons += 1
        return await super().history(requests, start, end, step_seconds)


class _Models(ForecastModels):
    """The real models, which also count the fits under way."""

    under_way = 0

    async def fit(self, request: FitRequest) -> FloatArray:
        self.under_way += 1
        try:
            return await super().fit(request)
        finally:
            self.under_way -= 1


@dataclass
class _Process:
    """One life of the operator."""

    client: _Client
    cluster: KubeCluster
    demand: _Sources
    models: _Models
    metrics: Metrics
    engine: Engine
    learned: list[None]


@dataclass
class OperatorWorld:
    """`asked` maps a policy's name to its demand over time; None is no series. Pods take `lead` seconds to be Ready."""

    path: Path
    now: float = MIDNIGHT + 8 * 3600
    lead: float = 30.0
    asked: dict[str, Asked] = field(default_factory=dict)
    fleet: dict[str, Asked] = field(default_factory=dict)
    plugins: tuple[Plugin, ...] = ()
    rungs: Sequence[Rung] | None = None
    library: Callable[[], Library] = Library
    log: list[tuple[float, Request]] = field(default_factory=list)

    async def __aenter__(self) -> OperatorWorld:
        self.clock = VirtualClock(self.now)
        self.api = FakeApi(self.clock)
        self.prometheus = FakePrometheus({FLEET_QUERY: self._fleet})
        self.controller = FakeDeploymentController(self.api, lambda _: self.lead)
        self.kubelets = FakeKubelets(self.api)
        self.sets = FakeReplicaSets(self.api, self.lead)
        self._kinds: dict[str, str] = {}
        self._latest: dict[str, int] = {}
        self._frozen: set[str] = set()
        self._process: _Process | None = None
        self.api.store.listeners.append(self._changed)
        await self.api.start()
        await self.prometheus.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.prometheus.__aexit__(None, None, None)
        await self.api.stop()

    # --- the operator ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """A new process: empty caches, no memory; returns when it has listed everything."""
        client = _Client(self.api.kubeconfig(self.path / "kubeconfig"), self.clock)
        timing = Timing(self.clock, self.clock.sleep, Random(1))
        cluster = KubeCluster(client, Parsers(parse_policy, parse_pool, parse_decision), timing)
        templates = (Template("fleet", FLEET_QUERY, "namespace", ("app",)),)
        mine = Source("prometheus", self.prometheus.url, timeout_seconds=2.0, templates=templates)
        dead = Source("dead", "http://127.0.0.1:1", timeout_seconds=1.0)
        settings = SourceSettings((mine, dead), "prometheus", plugins=self.plugins)
        demand, metrics, learned = _Sources(settings, self.clock, Random(1)), Metrics("test"), list[None]()
        await demand.start()
        models = _Models(settings, self.clock, Random(1), metrics.model_fit, self.library())
        await models.__aenter__()
        engine = Engine(
            Ports(cluster, demand, metrics, lambda: learned.append(None), models), self.clock.now, rungs=self.rungs
        )
        self._process = _Process(client, cluster, demand, models, metrics, engine, learned)
        await cluster.start()
        await cluster.wait_synced()
        await self.settled()

    async def stop(self) -> None:
        """The process ends, as on SIGTERM; its pods stay."""
        process, self._process = self._process, None
        if process is not None:
            await process.engine.close()
            await process.cluster.stop()
            await process.models.close()
            await process.demand.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def passes(self, seconds: float = PASS) -> None:
        """Let time pass."""
        for _ in range(round(seconds / PASS)):
            await self._pass(PASS)

    async def until(self, condition: Callable[[], object], seconds: float = 600.0) -> None:
        """Pass by pass, until `condition` holds; fails after `seconds` of virtual time."""
        end = self.clock.now + seconds
        while not condition():
            assert self.clock.now < end, f"the condition did not hold within {seconds:.0f} virtual seconds"
            await self._pass(PASS)

    async def again(self) -> None:
        """A pass at the same time, as after a nudge."""
        await self._pass(0.0)

    async def _pass(self, seconds: float) -> None:
        process = self.process
        self.clock.advance(seconds)
        self._tick()
        await self.settled()
        first = len(self.api.requests)
        await process.engine.run_pass(self.clock.now)
        await eventually(lambda: len(process.learned) >= process.demand.lessons, 30.0)
        await eventually(lambda: not process.models.under_way, 30.0)
        self.log += [(self.clock.now, request) for request in self.api.requests[first:] if request.verb in WRITES]
        self._tick()
        await self.settled()

    def _tick(self) -> None:
        self.controller.tick(self.clock.now)
        self.kubelets.tick(self.clock.now)
        self.sets.tick(self.clock.now)

    async def settled(self) -> None:
        """Until every informer has seen everything that it can see now, or sleeps over a failure."""
        await eventually(lambda: self._process is None or all(map(self._caught_up, FOLLOWED)))

    def _caught_up(self, plural: str) -> bool:
        if plural in self._frozen or self.clock.asleep(f"informer-{plural}"):
            return True
        client = self.process.client
        return plural in client.watching and client.followed[plural] >= self._latest.get(plural, 0)

    @property
    def process(self) -> _Process:
        assert self._process is not None, "start() first"
        return self._process

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    async def freeze(self, plural: str) -> None:
        """The watch stays open and says nothing any more."""
        await eventually(lambda: self.api.watchers(plural))
        self._frozen.add(plural)
        self.api.freeze_watches(plural)

    async def thaw(self, plural: str) -> None:
        """The connection breaks, and the informer backs off and looks again."""
        self._frozen.discard(plural)
        self.api.drop_watches(plural)
        await eventually(lambda: self.clock.asleep(f"informer-{plural}"))
        self.clock.advance(5.0)
        await self.settled()

    # --- the cluster -------------------------------------------------------------------------------------------------

    def deployment(self, *names: str, replicas: int = 1, kind: str = "Deployment", image: str = "", **pod: Any) -> None:
        """Workloads whose pods (`pod` has more fields) are there and Ready; with an image they tell of their stages."""
        spec_of = {"template": {"spec": {"containers": [{"name": "web", "image": image}], **pod}}} if image else {}
        for name in names or ("checkout",):
            self._kinds[name] = kind
            spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, **spec_of}
            self.api.put({"kind": kind, "metadata": {"name": name, "namespace": SHOP}, "spec": spec})
        self.controller.tick(self.clock.now - self.lead)
        self.controller.tick(self.clock.now)

    def web(self, name: str = "checkout", replicas: int = 2, requests: Mapping[str, str] | None = None) -> None:
        """A Deployment with its ReplicaSet behind a Service, whose pods are there and Ready, on a large node."""
        room = {"cpu": "64", "memory": "64Gi", "pods": "110"}
        status = {"allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]}
        self.api.put({"kind": "Node", "metadata": {"name": "node-1"}, "spec": {}, "status": status})
        container = {"name": "app", "image": "app:1", "resources": {"requests": dict(requests or {})}}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        meta = {"name": name, "namespace": SHOP}
        self.api.put({"kind": "Deployment", "metadata": {**meta, "annotations": {REVISION: "1"}}, "spec": spec})
        self.api.put({"kind": "Service", "metadata": meta, "spec": {"selector": {"app": name}}})
        for seconds in (self.lead, 0.0):
            self.sets.tick(self.clock.now - seconds)

    def pods(self, owner: str) -> list[Json]:
        """Those controlled by a kind: ReplicaSet, or WarmingPolicy for standbys."""
        return [pod for pod in self.api.objects("Pod") if owner_of(pod).get("kind") == owner]

    def policy(self, name: str = "checkout", *, target: str = "", mode: str = "Act", **spec: Any) -> None:
        """A policy that asks for `asked[name]`, 50 per pod; an hour of history unless told otherwise.

        What so short a history foretells is acted on at once, unless a confidence is asked for.
        """
        body: Json = {
            "targetRef": {"apiVersion": "apps/v1", "kind": self._kind(target or name), "name": target or name},
            "mode": mode,
            "demand": {"query": f"demand:{name}", "capacityPerPod": "50"},
            "forecast": {"historyWindow": "1h", "predictionHorizon": "1m"},
            **spec,
        }
        forecast = {"confidenceThreshold": "0", **body["forecast"]}
        body["forecast"] = {name: value for name, value in forecast.items() if value is not None}
        self.api.put({"kind": "WarmingPolicy", "metadata": {"name": name, "namespace": SHOP}, "spec": body})
        self.prometheus.queries.setdefault(f"demand:{name}", lambda at: _series(self.asked.get(name), {}, at))

    def change(self, kind: str, name: str, **spec: Any) -> None:
        """A person changes fields of the spec."""
        found = self.api.get(kind, SHOP, name)
        assert found is not None
        self.api.put({**found, "spec": {**found["spec"], **spec}})

    def replicas(self, name: str = "checkout") -> int:
        return int(self._found(self._kind(name), name)["spec"]["replicas"])

    def ready(self, name: str = "checkout") -> int:
        return int(self._found(self._kind(name), name)["status"].get("readyReplicas", 0))

    def status(self, name: str = "checkout") -> Json:
        found: Json = self._found("WarmingPolicy", name).get("status", {})
        return found

    def condition(self, kind: str, name: str = "checkout") -> Json | None:
        return next((c for c in self.status(name).get("conditions", ()) if c["type"] == kind), None)

    def standing(self, name: str = "checkout") -> str:
        """The reason of the condition Ready."""
        ready = self.condition("Ready", name)
        return "" if ready is None else str(ready["reason"])

    def decisions(self, policy: str = "checkout") -> Sequence[Json]:
        """Oldest first."""
        found = [d for d in self.api.objects("ScalingDecision") if d["spec"]["policy"] == policy]
        return sorted(found, key=lambda d: int(d["metadata"]["name"].rsplit("-", 1)[1]))

    def phases(self, policy: str = "checkout") -> list[str | None]:
        return [decision.get("status", {}).get("phase") for decision in self.decisions(policy)]

    def _kind(self, name: str) -> str:
        return self._kinds.get(name, "Deployment")

    def _found(self, kind: str, name: str) -> Json:
        found = self.api.get(kind, SHOP, name)
        assert found is not None, f"there is no {kind} {name}"
        return found

    # --- the record --------------------------------------------------------------------------------------------------

    def written(self, path: str = "", verbs: Iterable[str] = WRITES) -> list[tuple[float, Request]]:
        """(virtual time, request) of the operator's writes whose path contains `path`."""
        return [(at, request) for at, request in self.log if path in request.path and request.verb in verbs]

    def scaled(self, name: str = "checkout") -> list[tuple[float, int]]:
        """(virtual time, replicas) of the /scale patches that went through."""
        found = self.written(f"/deployments/{name}/scale")
        return [(at, request.body["spec"]["replicas"]) for at, request in found if request.status == 200]

    def series(self) -> list[str]:
        """The lines of /metrics that are not comments."""
        text = self.process.metrics.exposition()[0].decode()
        return [line for line in text.splitlines() if not line.startswith("#")]

    def _changed(self, change: Change) -> None:
        if change.served.plural != PULLS.plural or change.object.get("reason") == "Pulled":
            self._latest[change.served.plural] = change.version

    def _fleet(self, at: float) -> Sequence[Series]:
        labels = {name: {"namespace": SHOP, "app": name} for name in self.fleet}
        return [pair for name, asked in self.fleet.items() for pair in _series(asked, labels[name], at)]


def _series(asked: Asked | None, labels: Mapping[str, str], at: float) -> Sequence[Series]:
    return [] if asked is None else [(labels, asked(at))]
