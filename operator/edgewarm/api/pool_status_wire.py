"""The status of an EdgeNodePool on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from edgewarm.api.fields import Count, ListMap, Name, Number, Percent, Sentence, Word
from edgewarm.api.rule import Wire
from edgewarm.api.status import Conditions


class OtherResource(Wire):
    """An extended resource, such as nvidia.com/gpu."""

    name: Name
    """Name of the resource."""
    amount: Number
    """Pieces."""


class Resources(Wire):
    """Amounts of what a node gives to pods."""

    cpu: Number | None = None
    """Processor cores, as a quantity."""
    memory: Number | None = None
    """Memory in bytes, as a quantity."""
    pods: Count | None = None
    """Pods."""
    ephemeral_storage: Number | None = None
    """Ephemeral storage in bytes, as a quantity."""
    others: Annotated[tuple[OtherResource, ...], ListMap(("name",), 16)] | None = None
    """Extended resources, at most 16."""


class BudgetStatus(Wire):
    """One of spec.budgets."""

    name: Word
    """cpu, memory, storage or pods."""
    limit: Number
    """The limit, slowed where warming slows."""
    used: Number
    """What is held."""
    left: Number
    """What may still be held."""
    shadow_price: Number | None = None
    """What one more core, GiB or piece would have been worth in this pass, in idle pod-minutes; absent where the budget
    refused nothing."""


class RefusedStatus(Wire):
    """A policy whose request found no place."""

    policy: Annotated[str, *Name.__metadata__]
    """Namespace and name of the policy."""
    message: Sentence
    """What is short, and what would help."""


class NodeStatus(Wire):
    """A node worth looking at."""

    name: Name
    """Name of the node."""
    state: Annotated[str, *Name.__metadata__]
    """NotReady, Cordoned, Full (90% or more), Ready, or InPool and the older pool that has the node."""
    utilization: Percent | None = None
    """Largest share of one of its resources that is requested or reserved."""
    forecast: Percent | None = None
    """Utilisation that is forecast one lead time ahead; only with nodeChoice Predictive."""
    held: Count | None = None
    """Things that are held warm there, reservations included."""


class EdgeNodePoolStatus(Wire):
    """What the nodes have, what is asked of them, and what is held warm there."""

    observed_generation: Count | None = None
    """metadata.generation of the spec that this status is about."""
    conditions: Conditions | None = None
    """Ready; Stalled while it is true; AllocationSucceeds once there were requests; Overlapping while an older pool has
    some of the selected nodes."""
    reason: Word | None = None
    """The state of the pool in one CamelCase word."""
    health: Literal["Healthy", "Degraded", "Unavailable"] | None = None
    """Unavailable without a ready node; Degraded while a node is not ready, warming is paused, or fewer than 90% of the
    requests for room find a place."""
    nodes: Count | None = None
    """Nodes of the pool."""
    ready_nodes: Count | None = None
    """Nodes of these that are ready and schedulable."""
    warm_nodes: Count | None = None
    """Nodes on which something is held warm, reservations included."""
    capacity: Resources | None = None
    """What the ready nodes can give to pods."""
    requested: Resources | None = None
    """What the pods on these nodes request."""
    reserved: Resources | None = None
    """What is reserved on these nodes for pods that are not there yet."""
    utilization: Percent | None = None
    """Largest share of capacity that is requested or reserved, over cpu, memory and pods."""
    fragmentation: Percent | None = None
    """Share of capacity that is free and cannot be used, since another resource of its node is used up."""
    allocation_success_rate: Percent | None = None
    """Share of the requests for room of the last hour that found a place; absent below five requests."""
    pace: Percent | None = None
    """Share of what is asked in a pass that is warmed: 100%, less where slowDown acts."""
    budgets: Annotated[tuple[BudgetStatus, ...], ListMap(("name",), 8)] | None = None
    """What is left of each of spec.budgets."""
    refused: Annotated[tuple[RefusedStatus, ...], ListMap(("policy",), 5)] | None = None
    """Policies whose requests found no place in the last pass, at most 5."""
    notable_nodes: Annotated[tuple[NodeStatus, ...], ListMap(("name",), 20)] | None = None
    """At most 20 nodes: those that cannot be used first, then the fullest."""
