"""A stateful API server in process: enough of Kubernetes to run the operator against, and to hurt it on purpose."""

from __future__ import annotations

from support.fake_api.controller import FakeDeploymentController
from support.fake_api.faults import Fault
from support.fake_api.replica_sets import FakeReplicaSets
from support.fake_api.served import Served
from support.fake_api.server import FakeApi, Request

__all__ = ["FakeApi", "FakeDeploymentController", "FakeReplicaSets", "Fault", "Request", "Served"]
