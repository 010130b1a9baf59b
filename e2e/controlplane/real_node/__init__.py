"""A real node: kubelet, containerd and a registry as processes of our own, beside the simulated nodes."""

from .node import RealNode, add_real_node, find_real_node, remove_real_node
from .probe import refusal

__all__ = ["RealNode", "add_real_node", "find_real_node", "refusal", "remove_real_node"]
