"""Names that the API server sees and that several rooms write: group, version, field manager, annotations, labels."""

from __future__ import annotations

GROUP = "edgewarm.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

WARMING_POLICY = "WarmingPolicy"
EDGE_NODE_POOL = "EdgeNodePool"
SCALING_DECISION = "ScalingDecision"

FIELD_MANAGER = "edgewarm"

PAUSED_UNTIL = f"{GROUP}/paused-until"
"""Annotation on a WarmingPolicy: an RFC 3339 time until which nothing changes."""

POLICY_LABEL = f"{GROUP}/policy"
"""Label on everything that a policy owns: the policy's name, cut to the 63 characters of a label value."""

RUNG_LABEL = f"{GROUP}/rung"
"""Label on every object that keeps a rung warm: the rung's name."""

PULL_NODE, PULL_IMAGES = f"{GROUP}/pull-node", f"{GROUP}/pull-images"
"""Annotations on a pull pod: the node and the images (as a hash) that it was made for."""

DATA_NAME, DATA_USED = f"{GROUP}/data", f"{GROUP}/data-used-at"
"""Annotations on a pod that staged data: what the policy calls it, and when a pod there last had it mounted (none:
nothing has read it)."""

FETCH_KEY = f"{GROUP}/fetch"
"""Annotation on a pod that fetches a file: file, digest and claim, as a hash."""

PULL_BYTES, PULL_SPEED = f"{GROUP}/pull-bytes", f"{GROUP}/pull-bytes-per-second"
"""Annotations on a pod that pulls or fetches: what was expected of it, and counts against budgets."""

TEMPLATE_HASH_LABEL = f"{GROUP}/template-hash"
"""Label on a standby: the pod-template-hash of the ReplicaSet that it was built for."""

PARKED_AT_LABEL = f"{GROUP}/parked-at"
"""Label on a standby that was a serving pod: when it was parked, in whole Unix seconds."""

HOSTNAME = "kubernetes.io/hostname"
"""Kubernetes' label by which a node is a domain of its own."""

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""Kubernetes' annotation by which a ReplicaSet that has too many pods chooses: the lowest goes first."""

POD_TEMPLATE_HASH = "pod-template-hash"
"""Kubernetes' own label that tells the pods of one ReplicaSet from those of another."""

LATITUDE, LONGITUDE = f"{GROUP}/latitude", f"{GROUP}/longitude"
"""Annotations on a Node: where it is, in degrees, north and east positive. A label cannot begin with a minus."""
