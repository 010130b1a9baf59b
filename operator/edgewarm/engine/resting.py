"""Standbys at rest in a pass: who is resized, who has the room to rise, and what hinders. See decide.resting. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from edgewarm.decide.promoting import ONE_SIZE, Crew, called, differs, fits, is_standby, standing_on
from edgewarm.decide.rest_refusals import rest_refusal
from edgewarm.decide.resting import Sizes, priced, sizes
from edgewarm.decide.standbys import Flock
from edgewarm.engine.remarks import Remark
from edgewarm.engine.rungs import RungSituation
from edgewarm.manifests.standby import resized
from edgewarm.model.operations import Operation, PatchObject
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.sizing import has
from edgewarm.model.workload import Pod, Workload

RESIZE = "resize"


def template_sizes(workload: Workload, terms: StandbyTerms | None, can_resize: bool | None) -> Sizes:
    """Of a workload's pods; only one where nothing is resized."""
    if can_resize is False or terms is None:
        return ONE_SIZE
    return sizes(workload.template.spec, terms.rest)


def rest_problem(situation: RungSituation) -> str | None:
    """Why standbys of this template cannot rest as the policy asks."""
    terms = situation.policy.rungs.standby
    if terms is None or terms.rest is None:
        return None
    return rest_refusal(situation.workload.template.spec, terms.rest, situation.view.can_resize)


def priced_terms(situation: RungSituation, terms: StandbyTerms) -> StandbyTerms:
    """With the price of a standby that rests, if it does."""
    if terms.rest is None:
        return terms
    size = template_sizes(situation.workload, terms, situation.view.can_resize)
    return priced(terms, size, situation.workload.pod, situation.prices)


def not_warmth(situation: RungSituation) -> Mapping[str, float]:
    """By uid, the cores that standbys which serve as soon as they can have beyond their rest: a pod is lacking, so that
    is demand's, and no budget of what is kept warm counts it."""
    terms, view = situation.policy.rungs.standby, situation.view
    current = standing_on(situation.workload, view.replica_sets.get(situation.workload.uid, ())).current
    if terms is None or terms.rest is None or current is None:
        return {}
    size = template_sizes(situation.workload, terms, view.can_resize)
    pods = tuple(pod for pod in view.owned_by(situation.item.uid) if is_standby(pod) and pod.is_active)
    crew = Crew(current, tuple(view.owned_by(current.uid)), pods, sizes=size)
    return dict.fromkeys(called(crew), size.spared_cores)


def to_resize(pod: Pod, body_of: Sizes, owner: str, *, rest: bool, why: str) -> PatchObject:
    """To its rest, or to the size of the template."""
    wanted = body_of.rest if rest and body_of.rest is not None else body_of.full
    return PatchObject(owner, "Pod", pod.key, pod.uid, pod.resource_version, resized(wanted), why, RESIZE)


def unable_to_rise(situation: RungSituation, standbys: Iterable[Pod], size: Sizes) -> frozenset[str]:
    """Uids of standbys at rest whose nodes lack the room for the cpu of the template."""
    low = [pod for pod in standbys if size.is_low(pod)]
    if not low:
        return frozenset()
    able = situation.room.with_cores(low, situation.workload.pod.cpu_cores)
    return frozenset(pod.uid for pod in low) - {pod.uid for pod in able}


@dataclass(frozen=True, slots=True)
class Resizes:
    """What is resized in a pass, and how many standbys have to wait for a budget."""

    operations: tuple[Operation, ...]
    short: int = 0


def resizes(situation: RungSituation, flock: Flock, spared: Collection[str], lacking: bool) -> Resizes:
    """Ready standbys are lowered to their rest unless a pod is lacking; where none is asked any more they rise.

    `spared`: uids of those that are deleted now, or that a pod which leaves its node waits for. No pod waits for what
    gets more here, by another rest or none, so the budgets of the pool are asked.
    """
    size, found, short = flock.sizes, list[Operation](), 0
    unable = unable_to_rise(situation, flock.standbys, size) if size.rest is None else frozenset()
    for pod in flock.standbys:
        here = fits(pod, flock.replica_set) and not differs(pod, flock.pods, size)
        left_alone = flock.is_draining(pod, situation.now) or pod.uid in spared
        if not here or left_alone or pod.ready_at is None:
            continue
        rests = size.can_rest(pod) and not lacking
        if not rests and not (size.rest is None and size.is_low(pod) and pod.uid not in unable):
            continue
        more = size.more_cores(pod, size.rest or size.full)
        if more == 0.0 or situation.may_rise(pod, more):
            why = "no pod is lacking, so it rests" if rests else "rungs.standby.rest is not there any more"
            found.append(to_resize(pod, size, situation.item.uid, rest=rests, why=why))
        else:
            short += 1
    return Resizes(tuple(found), short)


def resize_remarks(situation: RungSituation, flock: Flock, short: int = 0) -> Iterator[Remark]:
    """The first thing that keeps standbys from resting or rising; `short` of them have to wait for a budget."""
    found = next(_hindrances(situation, flock, short), None)
    if found is not None:
        reason, message = found
        yield Remark("StandbyNotResized", True, reason, message)


def _hindrances(situation: RungSituation, flock: Flock, short: int) -> Iterator[tuple[str, str]]:
    ready = [pod for pod in flock.standbys if pod.sizing is not None and pod.ready_at is not None]
    for pod in ready:
        if pod.sizing is not None and pod.sizing.trouble:
            reason = pod.sizing.trouble.partition(":")[0]
            yield reason, f"standby {pod.key.name} on {pod.node} does not count as warm: {pod.sizing.trouble}"
    unable = unable_to_rise(situation, flock.standbys, flock.sizes)
    if unable:
        yield (
            "NoRoomToRise",
            f"{len(unable)} of {len(ready)} standbys do not count as warm: their nodes lack the cpu that they would "
            "rise to; free some, or lower rungs.standby.max",
        )
    if short:
        yield (
            "NoBudgetToRise",
            f"{short} of {len(ready)} standbys keep the rest that they have: the budgets of pool "
            f"{situation.policy.pool} have no more cpu for them; raise spec.budgets.cpu, or lower rungs.standby.max",
        )
    if flock.sizes.rest is not None:
        yield from _full(flock, ready)


def _full(flock: Flock, ready: list[Pod]) -> Iterator[tuple[str, str]]:
    """Why standbys wait at the size of the template although they should rest."""
    for pod in ready:
        sizing = pod.sizing
        if sizing is None or flock.sizes.is_low(pod):
            continue
        if sizing.given is None:
            yield (
                "NodeCannotResize",
                f"standby {pod.key.name} does not rest: the kubelet of {pod.node} says nothing of the cpu that its "
                "containers have (Kubernetes 1.33 does): upgrade it, or remove rungs.standby.rest",
            )
        elif not has(sizing.asked, flock.sizes.full):
            yield (
                "AdmissionDiffers",
                f"standby {pod.key.name} does not rest: admission gave it another cpu than the template has; let "
                "admission leave it, or remove rungs.standby.rest",
            )
