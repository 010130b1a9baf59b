"""Where a policy stands before anything is decided: ordered checks, the first that fails gives condition and sentence.

    spec wrong -> younger of two -> target missing -> pool missing -> pool not for this namespace -> scaled by another
    -> demand missing -> model unknown -> action failed -> learning

`Stalled` means that a person must change something; `Reconciling` that time will cure it (kstatus).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edgewarm.engine.models import ModelState
from edgewarm.engine.remarks import Remark
from edgewarm.model.conditions import Condition
from edgewarm.model.demand import USER_MUST_ACT, Missing, Reading
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode
from edgewarm.model.workload import Autoscaler, Workload


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks may look at. `elder` is the older policy on the same target, if there is one."""

    item: PolicyObject
    elder: PolicyObject | None
    workload: Workload | None
    autoscaler: Autoscaler | None
    reading: Reading | None
    learning: bool
    trouble: str | None
    pool_unknown: bool = False
    pool_refuses: bool = False
    model: ModelState | None = None

    @property
    def scales(self) -> bool:
        """Whether the replica count is ours; with an autoscaler only the rungs below are."""
        policy = self.item.policy
        return self.autoscaler is None or policy is None or policy.mode is Mode.OBSERVE


@dataclass(frozen=True, slots=True)
class Standing:
    """`decides`: the rules may run, and what they want be done. `stalled` and `waiting` feed kstatus."""

    reason: str
    message: str
    ready: bool
    decides: bool
    stalled: bool = False
    waiting: bool = False


Check = Callable[[Surroundings], Standing | None]


def _spec(around: Surroundings) -> Standing | None:
    if around.item.policy is not None:
        return None
    return Standing("InvalidSpec", around.item.problem or "the spec cannot be read", False, False, stalled=True)


def _elder(around: Surroundings) -> Standing | None:
    if around.elder is None or around.item.policy is None:
        return None
    target, elder = around.item.policy.target, around.elder.key
    message = f"{target} is already warmed by the older policy {elder}: delete one of the two, or change targetRef.name"
    return Standing("TargetAlreadyManaged", message, False, False, stalled=True)


def _target(around: Surroundings) -> Standing | None:
    if around.workload is not None or around.item.policy is None:
        return None
    target = around.item.policy.target
    message = f"{target} does not exist in namespace {around.item.key.namespace}: create it, or correct targetRef.name"
    return Standing("TargetNotFound", message, False, False, waiting=True)


def _pool(around: Surroundings) -> Standing | None:
    if not around.pool_unknown or around.item.policy is None:
        return None
    message = f"there is no EdgeNodePool {around.item.policy.pool}: create it, or correct poolRef.name"
    return Standing("PoolNotFound", message, False, False, waiting=True)


def _allowed(around: Surroundings) -> Standing | None:
    if not around.pool_refuses or around.item.policy is None:
        return None
    message = (
        f"EdgeNodePool {around.item.policy.pool} is not for namespace {around.item.key.namespace}: have its "
        "administrator extend spec.allowedNamespaces or label the namespace, or change poolRef.name"
    )
    return Standing("NamespaceNotAllowed", message, False, False, stalled=True)


def _autoscaler(around: Surroundings) -> Standing | None:
    owner, policy = around.autoscaler, around.item.policy
    if owner is None or policy is None or policy.mode is Mode.OBSERVE or policy.rungs:
        return None
    message = (
        f"{policy.target} is scaled by {owner.kind} {owner.key.name}, so it is left alone: "
        f"delete that {owner.kind}, use mode Observe, or add rungs, which are held below whatever scales it"
    )
    return Standing("ScaledByOther", message, False, False, stalled=True)


def _demand(around: Surroundings) -> Standing | None:
    reading = around.reading
    if not isinstance(reading, Missing):
        return None
    held = f" (holding {around.workload.replicas} replicas)" if around.workload is not None else ""
    must_act = reading.kind in USER_MUST_ACT
    message = f"{reading.message}{held}"
    return Standing(reading.kind.value, message, False, True, stalled=must_act, waiting=not must_act)


def _model(around: Surroundings) -> Standing | None:
    if around.model is None or not around.model.wrong:
        return None
    return Standing("ModelNotFound", around.model.message, False, True, stalled=True)


def _trouble(around: Surroundings) -> Standing | None:
    """Of the replicas; none of ours where they are another autoscaler's."""
    if around.trouble is None or not around.scales:
        return None
    return Standing("ActionFailed", around.trouble, False, True, waiting=True)


def _learning(around: Surroundings) -> Standing | None:
    if not around.learning:
        return None
    message = "history is being read and learned; until then the reactive floor decides"
    return Standing("LearningHistory", message, False, True, waiting=True)


CHECKS: tuple[Check, ...] = (_spec, _elder, _target, _pool, _allowed, _autoscaler, _demand, _model, _trouble, _learning)


def standing(around: Surroundings) -> Standing:
    """The first check that has something to say, else all is well."""
    for check in CHECKS:
        result = check(around)
        if result is not None:
            return result
    return Standing("Forecasting", "demand is read, forecast and decided on", True, True)


def conditions(
    state: Standing, around: Surroundings, now: float, remarks: Iterable[Remark] = ()
) -> tuple[Condition, ...]:
    """The kstatus triple, ScaledByOther while another autoscaler owns the target, SelectedModel where one was, and what
    others remark."""
    generation = around.item.generation

    def condition(kind: str, status: bool, reason: str, message: str) -> Condition:
        return Condition(kind, "True" if status else "False", reason, message, now, generation)

    found = [condition("Ready", state.ready, state.reason, state.message)]
    if state.stalled:
        found.append(condition("Stalled", True, state.reason, state.message))
    if state.waiting:
        found.append(condition("Reconciling", True, state.reason, state.message))
    if around.autoscaler is not None:
        owner = around.autoscaler
        found.append(condition("ScaledByOther", True, owner.kind, f"{owner.kind} {owner.key.name} owns the target"))
    if around.model is not None:
        found.append(condition("SelectedModel", around.model.serving, around.model.reason, around.model.message))
    found += [condition(remark.kind, remark.status, remark.reason, remark.message) for remark in remarks]
    return tuple(found)


def elders(policies: Mapping[Key, PolicyObject]) -> Mapping[Key, PolicyObject]:
    """For each younger policy on a shared target, the elder: earlier creation, ties by namespace and name."""
    first: dict[tuple[str, TargetRef], PolicyObject] = {}
    result: dict[Key, PolicyObject] = {}
    for item in sorted(policies.values(), key=lambda p: (p.created_at, p.key)):
        if item.policy is None:
            continue
        claim = (item.key.namespace, item.policy.target)
        if claim in first:
            result[item.key] = first[claim]
        else:
            first[claim] = item
    return result
