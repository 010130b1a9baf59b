"""What was held warm at every moment, from the lines of an audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgewarm.model.units import format_time
from rig.audit import Held, most, read_held
from rig.recorder import Sample
from rig.sites import Site, gained

pytestmark = pytest.mark.unit
BORN = 1_700_006_400.0
STARTS_AT = "e2e.edgewarm.io/starts-at"


def pod(name: str, rung: str | None = "Standby", node: str = "", to: str = "", **annotations: str) -> dict[str, Any]:
    labels = {"app": "web"} if rung is None else {"edgewarm.io/rung": rung, "edgewarm.io/policy": "web"}
    spec: dict[str, Any] = {"containers": [{"resources": {"requests": {"cpu": "50m"}}}, {}]}
    if node:
        spec["nodeName"] = node
    if to:
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [to]}]}]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        spec["affinity"] = {"nodeAffinity": required}
    meta = {"namespace": "shop", "name": name, "labels": labels, "annotations": annotations}
    return {"metadata": meta, "spec": spec}


def line(at: float, verb: str, name: str, answer: object = None, **more: Any) -> str:
    """A request that came at `at` and was answered a tenth later."""
    plain = {
        "level": "RequestResponse",
        "stage": "ResponseComplete",
        "verb": verb,
        "objectRef": {"resource": "pods", "namespace": "shop", "name": name},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": format_time(BORN + at),
        "stageTimestamp": format_time(BORN + at + 1),
        "responseObject": answer,
    }
    return json.dumps({**plain, **more}, separators=(",", ":"))


def read(folder: Path, *lines: str) -> list[tuple[str, str, float, float]]:
    """(name, node, since, until) of all that was held."""
    return [(one.name, one.node, one.since - BORN, one.until - BORN) for one in held(folder, *lines)]


def held(folder: Path, *lines: str) -> list[Held]:
    log = folder / "audit.log"
    log.write_text("".join(f"{text}\n" for text in lines) + '{"level":"RequestResponse","resource":"pods')
    return read_held(log)


def test_a_standby_is_held_from_its_making_to_its_end(tmp_path: Path) -> None:
    made = line(10, "create", "", pod("a", to="edge-1"))

    assert read(tmp_path, made, line(50, "delete", "a", {})) == [("a", "edge-1", 10, 51)]
    assert read(tmp_path, made)[0][3] == float("inf")


def test_a_promoted_standby_is_held_no_more_and_a_parked_pod_is_held_from_then_on(tmp_path: Path) -> None:
    made, promoted = line(10, "create", "", pod("a", to="edge-1")), line(20, "patch", "a", pod("a", None, "edge-1"))
    served, parked = line(10, "create", "", pod("b", None)), line(30, "patch", "b", pod("b", node="edge-2"))

    assert read(tmp_path, made, promoted) == [("a", "edge-1", 10, 21)]
    assert read(tmp_path, served, parked) == [("b", "edge-2", 30, float("inf"))]


def test_a_pull_is_over_when_the_images_are_there(tmp_path: Path) -> None:
    pulled = line(25, "patch", "p", pod("p", "Image", "edge-1", **{STARTS_AT: "08:00:00"}))
    (found,) = held(tmp_path, line(10, "create", "", pod("p", "Image", to="edge-1")), pulled)

    assert (found.since - BORN, found.until - BORN) == (10, 26)
    assert found.amounts == {"pods": 1, "concurrentPulls": 1, "cpu": pytest.approx(0.05)}


def test_the_scheduler_says_where_where_nobody_else_did(tmp_path: Path) -> None:
    target = {"target": {"name": "edge-3"}}
    reference = {"resource": "pods", "namespace": "shop", "name": "a", "subresource": "binding"}
    bound = line(11, "create", "a", None, requestObject=target, objectRef=reference)

    assert read(tmp_path, line(10, "create", "", pod("a")), bound)[0][1] == "edge-3"


def test_what_was_refused_counts_for_nothing(tmp_path: Path) -> None:
    made = line(10, "create", "", pod("a", to="edge-1"))
    refused = {"responseStatus": {"code": 409}}

    assert read(tmp_path, line(10, "create", "", pod("a"), **refused)) == []
    assert read(tmp_path, made, line(20, "delete", "a", {}, **refused))[0][3] == float("inf")


def test_the_most_is_what_was_held_at_the_same_time_on_the_nodes_of_a_site() -> None:
    def one(name: str, node: str, since: float, until: float) -> Held:
        return Held(name, "Standby", "web", node, {"pods": 1.0, "cpu": 0.05}, since, until)

    apart = [one("a", "n1", 0, 10), one("b", "n2", 11, 20), one("c", "n9", 0, 20)]
    assert most(apart, {"n1", "n2"}) == {"pods": 1, "cpu": 0.05}
    assert most([*apart, one("d", "n1", 10, 12)], {"n1", "n2"})["pods"] == 2  # what ends just then still counts

    site = Site("north", ("n1",))
    assert site.beyond(one(f"s{n}", "n1", 0, 9) for n in range(4)) == {}
    five = [one(f"s{n}", "n1", 0, 9) for n in range(5)]
    assert site.beyond(five) == {"pods": (5, 4)}
    assert site.beyond([*five, one("t", "n1", 5, 6)])["cpu"] == (pytest.approx(0.3), 0.25)


def test_seconds_gained_are_counted_endpoint_by_endpoint() -> None:
    """A ramp at 200 from 2 endpoints: ours has 3, 4, 5 at 190, 190, 220; theirs 3 and 4 at 240 and 250, and no 5th."""

    def samples(*steps: tuple[float, int]) -> list[Sample]:
        found, count = [], 2
        for second in range(60, 300, 10):
            count = dict(steps).get(float(second), count)
            found.append(Sample(float(second), count, count, count))
        return found

    ours, theirs = samples((190, 4), (220, 5)), samples((240, 3), (250, 4))
    assert gained(ours, theirs, 200.0) == [50, 60, 70]  # their samples end at 290
