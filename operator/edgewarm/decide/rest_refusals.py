"""Templates whose standbys cannot rest as a policy asks, each with its sentence: what was found, and what to change."""

from __future__ import annotations

from collections.abc import Iterator

from edgewarm.decide.resting import Spec, cpu_of, cpus, limits_of, qos_class, requests_of, rest_of, sum_of
from edgewarm.model.rungs import RestTerms
from edgewarm.model.sizing import Cpu, Cpus

REMOVE = "or remove rungs.standby.rest"


def rest_refusal(spec: Spec, terms: RestTerms, can_resize: bool | None) -> str | None:
    """Why pods of this template cannot rest like that, and what to change."""
    if can_resize is False:
        return f"the API server has no pods/resize (Kubernetes 1.33 has it): upgrade, {REMOVE}"
    return next(_unfit(spec), None) or next(_too_much(spec, terms), None) or _other_class(spec, terms)


def _unfit(spec: Spec) -> Iterator[str]:
    """What no rest goes with."""
    if "cpu" in requests_of(spec) or "cpu" in limits_of(spec):
        yield f"the template sets cpu for the whole pod (spec.resources): set it by container, {REMOVE}"
    for container in spec.get("containers") or ():
        name, cpu = container["name"], cpu_of(container)
        if cpu.limit is not None and cpu.request is None:
            yield f"container {name} sets a cpu limit and no request: set resources.requests.cpu, {REMOVE}"
        for policy in container.get("resizePolicy") or ():
            if policy.get("resourceName") == "cpu" and policy.get("restartPolicy") == "RestartContainer":
                yield f"container {name} restarts when its cpu is resized: set resizePolicy NotRequired, {REMOVE}"
    if not any(cpu.request for cpu in cpus(spec).values()):
        yield f"no container requests cpu, so there is nothing to lower: set resources.requests.cpu, {REMOVE}"


def _too_much(spec: Spec, terms: RestTerms) -> Iterator[str]:
    """Lower than the template, and no limit below its request."""
    full = cpus(spec)
    requested, most = sum_of(cpu.request for cpu in full.values()), sum_of(cpu.limit for cpu in full.values())
    if terms.cpu_cores >= requested:
        yield f"rungs.standby.rest.cpu is not below the {requested:g} cores that containers request: lower it, {REMOVE}"
    if terms.limit_cores is not None and not most:
        yield "the template sets no cpu limit that could be lowered: remove rungs.standby.rest.limit"
    elif terms.limit_cores is not None and terms.limit_cores > most:
        yield f"rungs.standby.rest.limit is above the template's {most:g} cores: lower it, or leave it out"
    for name, cpu in rest_of(spec, full, terms).items():
        if cpu.request is not None and cpu.limit is not None and cpu.limit < cpu.request:
            yield (
                f"container {name} would have a limit of {cpu.limit:g} cores below its request of {cpu.request:g}: "
                "raise rungs.standby.rest.limit, or leave it out"
            )


def _other_class(spec: Spec, terms: RestTerms) -> str | None:
    """A pod keeps its QoS class for life."""
    before, after = qos_class(spec), qos_class(_with(spec, rest_of(spec, cpus(spec), terms)))
    if before == after:
        return None
    fix = "leave rungs.standby.rest.limit out" if before == "Guaranteed" else "raise rungs.standby.rest.limit"
    return f"at rest a pod would be {after}, as the template it is {before}, and that cannot change: {fix}"


def _with(spec: Spec, wanted: Cpus) -> Spec:
    """The spec with this cpu."""
    changed = []
    for container in spec.get("containers") or ():
        cpu = wanted.get(container["name"], Cpu())
        requests, limits = dict(requests_of(container)), dict(limits_of(container))
        requests |= {} if cpu.request is None else {"cpu": str(cpu.request)}
        limits |= {} if cpu.limit is None else {"cpu": str(cpu.limit)}
        changed.append({**container, "resources": {"requests": requests, "limits": limits}})
    return {**spec, "containers": changed}
