"""What the engine needs of the world, as Protocols; real ones and fakes fit the same hole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from edgewarm.model.demand import DemandRequest, FloatArray, History, Reading
from edgewarm.model.fits import FitRequest
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.model.numbers import PolicyNumbers
from edgewarm.model.operations import Operation, Tally
from edgewarm.model.stages import Pull
from edgewarm.model.view import ClusterView, Note
from edgewarm.model.workload import PodStart, Workload

Manifest = Mapping[str, Any]


class Cluster(Protocol):
    """The API server. Writes raise Conflict, NotFound, Forbidden or Unavailable (model.errors)."""

    def view(self) -> ClusterView: ...

    def take_starts(self) -> Sequence[PodStart]:
        """The first Readys seen live since the last call, each once; pods already Ready when first seen give none."""

    def take_pulls(self) -> Sequence[Pull]:
        """The image pulls that kubelets told of since the last call, each once."""

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Patch /scale, guarded by `workload.resource_version`."""

    async def stirred(self) -> None:
        """Until something has changed that a promotion depends on, since the last call."""

    async def carry_out(self, operation: Operation) -> None:
        """Create, delete or patch one object of a rung, guarded by what was seen of it.

        Until the view shows it, the operation's owner is among `view().unseen`.
        """

    async def create_decision(self, manifest: Manifest) -> None: ...

    async def delete_decision(self, key: Key) -> None: ...

    async def apply_status(self, kind: str, key: Key, status: Manifest) -> None:
        """Server-side apply of the status of one of our kinds ("WarmingPolicy", "EdgeNodePool", "ScalingDecision")."""

    async def record(self, note: Note, now: float) -> None:
        """Write the Event unless the same one was written recently."""


class Demand(Protocol):
    """All sources together. Neither method raises for one policy's trouble: that is a Missing in its place."""

    async def read(self, requests: Mapping[SeriesKey, DemandRequest], now: float) -> Mapping[SeriesKey, Reading]: ...

    async def history(
        self, requests: Mapping[SeriesKey, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[SeriesKey, History]:
        """Past demand on the grid start, start + step, ... <= end; a series without an answer is absent."""


class Models(Protocol):
    """Forecasting models other than the fleet's: libraries in a process of their own, and plug-ins."""

    def problem(self, model: str, namespace: str) -> str | None:
        """Why policies of this namespace cannot have this model; None if they can."""

    async def fit(self, request: FitRequest) -> FloatArray:
        """Points (ahead, 1), or sorted quantiles (ahead, Q) at forecast.mixture.LEVELS; raises FitError."""


class Telemetry(Protocol):
    """The operator's own metrics; numbers of one policy at a time."""

    def policy(self, key: Key, numbers: PolicyNumbers) -> None: ...

    def decided(self, key: Key, reason: str, mode: str) -> None: ...

    def data_removed(self, tally: Tally) -> None:
        """Data that was staged went."""

    def promoted(self, key: Key, count: int) -> None:
        """So many standbys began to serve."""

    def parked(self, key: Key, count: int) -> None:
        """So many serving pods became standbys."""

    def moved(self, key: Key, count: int) -> None:
        """So many serving pods left their nodes, a standby serving in the stead of each."""

    def retain(self, keys: Collection[Key]) -> None:
        """Forget every policy that is not among `keys`."""

    def policies(self, states: Mapping[str, int]) -> None:
        """How many policies are "ready", "waiting", "blind" and "stalled"."""
