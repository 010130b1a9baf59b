"""Clusters for the tests of the control plane library itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import Cluster, down, up


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One local cluster for all tests; the node controller is quick to find a node lost."""
    directory = tmp_path_factory.mktemp("cluster") / "state"
    yield up("shared", 2, provider="local", directory=directory, node_grace_seconds=8)
    down("shared", directory=directory)


@pytest.fixture
def trace_file() -> Path:
    folder = os.environ.get("EDGEWARM_TRACES")
    if not folder:
        pytest.skip("EDGEWARM_TRACES is not set: it names the folder of recorded traces")
    path = Path(folder) / "ms_cloud_monitoring" / "mongo-01.csv.gz"
    if not path.exists():
        pytest.skip(f"no trace at {path}")
    return path
