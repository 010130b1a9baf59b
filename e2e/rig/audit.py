"""What was held warm at every moment, read from the API server's audit log: no watch that could miss a second.

| request                                                  | effect                                                    |
|----------------------------------------------------------|-----------------------------------------------------------|
| a pod with our label is made                             | it is held from the moment that the request came          |
| a patch gives a pod our label                            | parked: held from then on                                 |
| a patch takes the label away                             | promoted: held until the answer                           |
| it is deleted                                            | held until the answer                                     |
| a pull pod's images are there (the simulated kubelet says so) | its pull is over                                     |

So where two requests overlap in time, both count.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controlplane.cold_start import STARTS_AT
from edgewarm.model.units import parse_quantity, parse_time

RUNG, POLICY = "edgewarm.io/rung", "edgewarm.io/policy"
IMAGE = "Image"
PULLS = "concurrentPulls"
NEVER = float("inf")


@dataclass(frozen=True)
class Held:
    """A pod while it is warmth; `rung` and `policy` are those of its labels, `amounts` what budgets count of it."""

    name: str
    rung: str
    policy: str
    node: str
    amounts: Mapping[str, float]
    since: float
    until: float = NEVER


@dataclass
class Reader:
    """Follows the requests of a log in their order."""

    held: dict[str, Held] = field(default_factory=dict)
    over: list[Held] = field(default_factory=list)

    def read(self, event: Mapping[str, Any]) -> None:
        """One request that was answered."""
        kind, verb = event["objectRef"].get("subresource", ""), event["verb"]
        began, ended = parse_time(event["requestReceivedTimestamp"]), parse_time(event["stageTimestamp"])
        answer = event.get("responseObject") or {}
        if kind == "binding":
            self._bound(event)
        elif not kind and verb in {"create", "patch"}:
            self._seen(answer, began, ended)
        elif not kind and verb == "delete":
            self._end(_key(event["objectRef"]), ended)

    def _bound(self, event: Mapping[str, Any]) -> None:
        key = _key(event["objectRef"])
        if key in self.held:
            self.held[key] = replace(self.held[key], node=event["requestObject"]["target"]["name"])

    def _seen(self, pod: Mapping[str, Any], began: float, ended: float) -> None:
        meta = pod["metadata"]
        key, rung = _key(meta), meta.get("labels", {}).get(RUNG)
        pulled = rung == IMAGE and STARTS_AT in meta.get("annotations", {})
        if rung is None or pulled:
            self._end(key, ended)
        elif key not in self.held and not meta.get("deletionTimestamp"):
            self.held[key] = Held(meta["name"], rung, meta["labels"].get(POLICY, ""), _node(pod), _asks(pod), began)

    def _end(self, key: str, at: float) -> None:
        found = self.held.pop(key, None)
        if found is not None:
            self.over.append(replace(found, until=at))


def read_held(log: Path) -> list[Held]:
    """All that was held warm since the log began, in the order of its beginning."""
    reader = Reader()
    for event in sorted(_events(log), key=lambda one: str(one["stageTimestamp"])):
        reader.read(event)
    return sorted([*reader.over, *reader.held.values()], key=lambda one: one.since)


def most(held: Iterable[Held], nodes: Collection[str]) -> dict[str, float]:
    """The largest sum of each amount that was held on these nodes at any moment."""
    changes = []
    for one in held:
        if one.node in nodes:
            changes += [(one.since, 1, one.amounts), (one.until, -1, one.amounts)]
    now: dict[str, float] = {}
    highest: dict[str, float] = {}
    for _, sign, amounts in sorted(changes, key=lambda change: (change[0], -change[1])):
        for name, amount in amounts.items():
            now[name] = now.get(name, 0.0) + sign * amount
            highest[name] = max(highest.get(name, 0.0), now[name])
    return highest


def _events(log: Path) -> Iterator[dict[str, Any]]:
    """Of pods, answered without an error; a last line that is still being written is left out."""
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if '"resource":"pods"' not in line or '"level":"RequestResponse"' not in line or not line.endswith("\n"):
                continue
            event = json.loads(line)
            if event["stage"] == "ResponseComplete" and event["responseStatus"]["code"] < 300:
                yield event


def _key(meta: Mapping[str, Any]) -> str:
    return f"{meta['namespace']}/{meta['name']}"


def _node(pod: Mapping[str, Any]) -> str:
    """Where it runs, or where its required affinity sends it; "" where the scheduler is free."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", [])
    names = {value for term in terms for one in term.get("matchFields", ()) for value in one["values"]}
    return names.pop() if len(names) == 1 else ""


def _asks(pod: Mapping[str, Any]) -> dict[str, float]:
    """Its requests, itself, and the pull that it is."""
    found = {"pods": 1.0}
    if pod["metadata"]["labels"][RUNG] == IMAGE:
        found[PULLS] = 1.0
    for container in pod["spec"]["containers"]:
        for name, amount in container.get("resources", {}).get("requests", {}).items():
            found[name] = found.get(name, 0.0) + float(parse_quantity(amount))
    return found
