"""Data on a real node: an image volume that was staged ahead is read at once, a wrong digest is refused and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controlplane.real_node import RealNode
from controlplane.real_node.images import files_image, workload_image
from controlplane.real_node.oci import Image, ballast
from controlplane.real_node.settings import NODE, REGISTRY
from controlplane.waiting import wait_until
from rig.answers import first_answer, service, unstarted
from rig.moving import PLACE, POOL, UNSTARTED, deployment, disk_bytes, warmed
from rig.objects import Manifest, condition
from rig.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.real_node]

MEGABYTE = 1_000_000
SIZE = 100 * MEGABYTE
RATE = 10 * MEGABYTE  # bytes/s of the link: ten seconds for the data
ABSENT = f"sha256:{'0' * 64}"


def data(seed: str, size: int = SIZE) -> Image:
    return files_image({"/menu.txt": b"soup\n", "/model.bin": ballast(size, seed)})


def pushed(node: RealNode, name: str, image: Image) -> str:
    """The digest under which the registry has it."""
    node.push(name, image)
    return image.manifest().digest


def reading(name: str, image: str, references: dict[str, str]) -> Manifest:
    """A web server that mounts data, by name of the volume."""
    return mounting(deployment(name, image), references)


def mounting(made: Manifest, references: dict[str, str]) -> Manifest:
    pod = made["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": volume, "image": {"reference": one}} for volume, one in references.items()]
    pod["containers"][0]["volumeMounts"] = [{"name": one, "mountPath": f"/{one}"} for one in references]
    return made


def staging(name: str, digests: dict[str, str], scaling: Manifest | None = None, **rung: str) -> Manifest:
    """A policy that stages items of 100 MB, by name of their repository."""
    made = warmed(name, **scaling or {})
    made["spec"]["rungs"] = {"data": rung}
    made["spec"]["data"] = [
        {"name": item, "source": {"image": f"{REGISTRY}/{item}"}, "digest": digest, "size": "100M"}
        for item, digest in digests.items()
    ]
    return made


def says(here: World, name: str) -> str:
    found = condition(here.kubectl.get("wp", name, PLACE), "DataWarm")
    return f"{found.get('reason')}: {found.get('message')}"


def staged(here: World, name: str) -> dict[str, dict[str, Any]]:
    """Pods that stage, by item."""
    found = here.kubectl.list("pod", PLACE, f"edgewarm.io/rung=Data,edgewarm.io/policy={name}")
    return {pod["metadata"]["annotations"]["edgewarm.io/data"]: pod for pod in found}


def was_read(here: World, name: str, item: str) -> bool:
    return "edgewarm.io/data-used-at" in staged(here, name)[item]["metadata"]["annotations"]


@pytest.fixture
def moved(here: World) -> Iterator[Callable[[], object]]:
    """Closes the simulated node when it is called."""
    here.kubectl.apply(POOL)
    yield lambda: here.kubectl.run("cordon", "sim-0")
    here.kubectl.run("uncordon", "sim-0")


def test_a_service_answers_much_sooner_with_data_by_a_pod_on_a_node_that_was_given_it(
    here: World, node: RealNode, record_property: Callable[[str, object], None]
) -> None:
    image = node.push("reader", workload_image())
    digests = {name: pushed(node, f"data-{name}", data(name)) for name in ("unstaged", "staged")}
    for name, digest in digests.items():
        made = mounting(unstarted(name, image), {"data": f"{REGISTRY}/data-{name}@{digest}"})
        here.kubectl.apply(POOL, made, service(name))
    node.shape(RATE)
    here.kubectl.apply(staging("staged", {"data-staged": digests["staged"]}, UNSTARTED))

    wait_until("the data", lambda: says(here, "staged").startswith("Warm"), 180.0, lambda: says(here, "staged"))
    (pod,) = staged(here, "staged").values()
    assert pod["status"]["phase"] == "Failed"  # it has run nothing
    assert not was_read(here, "staged", "data-staged")

    # the workload's own image is there for both by then
    answers = {name: first_answer(here, name, "files/data/menu.txt") for name in ("staged", "unstaged")}
    node.shape(0)
    for name, answer in answers.items():
        answer.tell(record_property, f"{name} data of 100 MB over {RATE / MEGABYTE:.0f} MB/s")
        assert answer.body == "soup\n"

    assert answers["staged"].seconds < answers["unstaged"].seconds / 2
    assert answers["staged"].held == "0m"

    wait_until("the use on the pod that staged it", lambda: was_read(here, "staged", "data-staged"), 240.0)


def test_a_digest_that_the_registry_does_not_have_is_refused_and_said(
    here: World, node: RealNode, moved: Callable[[], object]
) -> None:
    image = node.push("reader", workload_image())
    pushed(node, "data-wrong", data("wrong", MEGABYTE))
    here.kubectl.apply(reading("wrong", image, {"data": f"{REGISTRY}/data-wrong@{ABSENT}"}))
    here.kubectl.run("rollout", "status", "deployment", "wrong", "-n", PLACE, "--timeout=150s")
    moved()
    here.kubectl.apply(staging("wrong", {"data-wrong": ABSENT}))

    wait_until("the trouble", lambda: "PullFailing" in says(here, "wrong"), 240.0, lambda: says(here, "wrong"))
    assert "0 of 1 items are staged on 1 nodes; data-wrong on " in says(here, "wrong")
    here.kubectl.run("delete", "wp", "wrong", "-n", PLACE)
    wait_until("garbage collection", lambda: not staged(here, "wrong"), 240.0)


@pytest.mark.slow
def test_data_that_would_fill_the_disk_of_a_node_is_not_staged_and_that_is_said(here: World, node: RealNode) -> None:
    """The policy says that an item has a third of the disk that the real node's kubelet reports: unpacked, all of it.
    Another goes the same way, and comes."""
    digests = {name: pushed(node, name, data(name, MEGABYTE)) for name in ("small", "vast-data")}
    references = {name: f"{REGISTRY}/{name}@{digest}" for name, digest in digests.items()}
    made = staging("guarded", digests, UNSTARTED, storage="1E")
    made["spec"]["data"][1]["size"] = str(disk_bytes(here) // 3)
    image = node.push("reader", workload_image())
    here.kubectl.apply(POOL, mounting(unstarted("guarded", image), references), made)

    told = f"Waiting: 1 of 2 items are staged on 1 nodes; vast-data on {NODE} waits: its disk would be too full"
    wait_until("the guard", lambda: says(here, "guarded") == told, 180.0, lambda: says(here, "guarded"))
    assert set(staged(here, "guarded")) == {"small"}


@pytest.mark.slow
def test_the_longest_unused_gives_way_within_the_budget(
    here: World, node: RealNode, moved: Callable[[], object]
) -> None:
    """Room for two items of 100 MB each: for a third, the one that was read stays, and the other goes."""
    image = node.push("reader", workload_image())
    digests = {name: pushed(node, name, data(name, MEGABYTE)) for name in ("lru-a", "lru-b", "lru-c")}
    references = {name: f"{REGISTRY}/{name}@{digest}" for name, digest in digests.items()}
    first = {name: references[name] for name in ("lru-a", "lru-b")}
    here.kubectl.apply(reading("lru", image, first))
    here.kubectl.run("rollout", "status", "deployment", "lru", "-n", PLACE, "--timeout=150s")
    here.kubectl.run("rollout", "pause", "deployment", "lru", "-n", PLACE)  # so that no pod of it comes to the node
    moved()
    here.kubectl.apply(staging("lru", {name: digests[name] for name in first}, storage="250M"))
    wait_until("both items", lambda: says(here, "lru").startswith("Warm: 2 of 2"), 240.0, lambda: says(here, "lru"))

    here.kubectl.apply(reading("lru-reader", image, {"lru-a": references["lru-a"]}))
    here.kubectl.run("rollout", "status", "deployment", "lru-reader", "-n", PLACE, "--timeout=150s")
    wait_until("the use of the first", lambda: was_read(here, "lru", "lru-a"), 240.0)
    assert not was_read(here, "lru", "lru-b")
    here.kubectl.run("delete", "deployment", "lru-reader", "-n", PLACE)
    here.kubectl.apply(reading("lru", image, {"lru-c": references["lru-c"]}))
    here.kubectl.apply(staging("lru", {"lru-c": digests["lru-c"]}, storage="250M"))

    wait_until(
        "the third in place of the second",
        lambda: set(staged(here, "lru")) == {"lru-a", "lru-c"} and says(here, "lru").startswith("Warm: 1 of 1"),
        120.0,
        lambda: f"{says(here, 'lru')} {set(staged(here, 'lru'))}",
    )
