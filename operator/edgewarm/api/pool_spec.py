"""The spec of an EdgeNodePool on the wire. Every field here acts; a field enters with the code that makes it act."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edgewarm.api.fields import RatioText, is_ratio_in_cel, parse_ratio, ratio_in_cel
from edgewarm.api.room_spec import HIGHEST_RATIO, Budgets, Location, ResourceText, SlowDown
from edgewarm.api.rule import Rule, Wire
from edgewarm.api.selector_spec import NamespaceSelector, NodeSelector
from edgewarm.api.terms_spec import Approval, PoolPrices
from edgewarm.model.pool import Allocation, NodeChoice, Preemption
from edgewarm.model.units import parse_quantity


class EdgeNodePoolSpec(Wire):
    """Which nodes belong to the pool, how their room is given to what is warmed there, what it costs, and what is to be
    approved."""

    selector: NodeSelector
    """Labels of the nodes that belong to the pool. A node that several pools select belongs to the oldest of them."""
    allowed_namespaces: NamespaceSelector | None = None
    """Labels of the namespaces whose policies may name this pool in poolRef; without it all may. Every namespace has
    the label kubernetes.io/metadata.name, which is its name."""
    location: Location = Location()
    """How the pool's nodes say where they are."""
    allocation: Allocation = Allocation.PRIORITY
    """Whose request for room is served first, and where. FirstFit, BestFit, WorstFit and RoundRobin serve in the order
    of the policies' names, on the first node by name that has the room, the one that has least left, most left, or the
    next; Priority serves by qos.priority, then by value; FairShare the namespace that holds least."""
    node_choice: NodeChoice | None = None
    """Which node, with allocation Priority and FairShare: LeastLoaded (default), MostCapacity, Balanced (no resource
    left over that another one keeps from use), or Predictive (the least utilisation forecast)."""
    preemption: Preemption = Preemption.NEVER
    """Whether warmth of a lower qos.priority that is preemptible may be given up for a request that finds no room:
    Never, or PreemptLowerPriority with allocation Priority."""
    oversubscription_ratio: RatioText = "1"
    """How many times what a node can give may be reserved of the shareable resources, from 1 to 10, such as "1.5". Pods
    always fit what the node has."""
    shareable: (
        Annotated[tuple[ResourceText, ...], Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"})]
        | None
    ) = None
    """Resources that oversubscriptionRatio is about; without it only cpu."""
    budgets: Budgets | None = None
    """The most that all warmth of the pool may hold together; without it only the nodes set limits."""
    slow_down: SlowDown | None = None
    """How warming makes way in a full pool; an empty object sets the defaults, without it a full pool refuses only what
    does not fit."""
    migrate_above: RatioText | None = None
    """Share of a node's cpu, memory or pods that working pods request from which on policies with rungs.migration move
    them off, one of the node at a time, to nodes that stay 10 points below it: a ratio from 0.2 to 1, such as "0.9";
    without it only nodes that are cordoned or drained are left."""
    prices: PoolPrices | None = None
    """What capacity costs here; without it the prices of the operator's configuration count."""
    approval: Approval | None = None
    """Thresholds of approval for the policies that name this pool in poolRef; a policy cannot lower them. An empty
    object sets the defaults; without it the thresholds of the operator's configuration count."""

    rules = (
        Rule(
            "nodeChoice goes with allocation Priority or FairShare, the others choose the node themselves: remove "
            "nodeChoice, or use one of the two",
            cel="!has(self.nodeChoice) || self.allocation in ['Priority', 'FairShare']",
            holds=lambda spec: spec.node_choice is None or spec.allocation.chooses_by_node_choice,
        ),
        Rule(
            "preemption PreemptLowerPriority goes with allocation Priority, else what was given up would be first to "
            "ask again: use allocation Priority, or preemption Never",
            cel="self.preemption == 'Never' || self.allocation == 'Priority'",
            holds=lambda spec: spec.preemption is Preemption.NEVER or spec.allocation is Allocation.PRIORITY,
        ),
        Rule(
            f'oversubscriptionRatio must be a quantity from 1 to {HIGHEST_RATIO}, such as "1.5"',
            cel="isQuantity(self.oversubscriptionRatio)"
            " && !quantity(self.oversubscriptionRatio).isLessThan(quantity('1'))"
            f" && !quantity(self.oversubscriptionRatio).isGreaterThan(quantity('{HIGHEST_RATIO}'))",
            holds=lambda spec: 1 <= parse_quantity(spec.oversubscription_ratio) <= parse_quantity(HIGHEST_RATIO),
        ),
        Rule(
            'migrateAbove must be a ratio from 0.2 to 1, such as "0.9" or "90%"',
            cel=f"!has(self.migrateAbove) || ({is_ratio_in_cel('self.migrateAbove')} && "
            f"0.2 <= {ratio_in_cel('self.migrateAbove')} && {ratio_in_cel('self.migrateAbove')} <= 1.0)",
            holds=lambda spec: spec.migrate_above is None or 0.2 <= parse_ratio(spec.migrate_above) <= 1,
        ),
        Rule(
            "shareable says what oversubscriptionRatio is about: set a ratio above 1, or remove shareable",
            cel="!has(self.shareable) || (isQuantity(self.oversubscriptionRatio)"
            " && quantity(self.oversubscriptionRatio).isGreaterThan(quantity('1')))",
            holds=lambda spec: spec.shareable is None or parse_ratio(spec.oversubscription_ratio) > 1,
        ),
    )
