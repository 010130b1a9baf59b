"""A real control plane and a real Prometheus with a past, for tests and for the demo."""

from .cluster import Cluster
from .errors import ControlPlaneError
from .nodes import NodeSize
from .providers import clean, cluster_names, default_provider, down, find_cluster, up

__all__ = [
    "Cluster",
    "ControlPlaneError",
    "NodeSize",
    "clean",
    "cluster_names",
    "default_provider",
    "down",
    "find_cluster",
    "up",
]
