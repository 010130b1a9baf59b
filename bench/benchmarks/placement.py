"""Placement: requests on nodes in one call of `pools.allocate`, and a plain double loop over the same in the same run.

The loop is what one writes first: for each request, over all nodes, does it fit, and is it the least loaded so far? It
knows no constraints, budgets or preemption, and floats instead of arrays; it must find the same number of places.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from rich.progress import Progress

from edgewarm.model.constraints import Constraints
from edgewarm.model.identity import Key
from edgewarm.model.pool import Allocation, Budget, NodeChoice, PoolSettings, Request
from edgewarm.model.prices import GIB
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.allocate import allocate
from edgewarm.pools.survey import Site, survey, terrain

SIZES = ((100, 100), (300, 300), (1000, 1000))
QUICK_SIZES = ((20, 20), (50, 50))
PODS_PER_NODE = 10
POLICIES = 50
REPEATS = 5
BUDGET = Budget("spec.budgets", {"cpu": 1e6, "pods": 1e6})


def run(quick: bool, progress: Progress) -> dict[str, Any]:
    """Each size with the default strategy, the largest with each."""
    sizes = QUICK_SIZES if quick else SIZES
    kinds = [PoolSettings(Allocation.PRIORITY, NodeChoice.LEAST_LOADED)]
    every = [PoolSettings(one) for one in Allocation if not one.chooses_by_node_choice]
    every += [PoolSettings(Allocation.PRIORITY, choice) for choice in NodeChoice]
    every += [PoolSettings(Allocation.FAIR_SHARE)]
    task = progress.add_task("placement", total=len(sizes) + len(every))
    rows = []
    for nodes, requests in sizes:
        rows.append(_measured(nodes, requests, kinds[0], 1 if quick else REPEATS))
        progress.advance(task)
    strategies = []
    for settings in every:
        strategies.append(_measured(*sizes[-1], settings, 1 if quick else REPEATS, with_loop=False))
        progress.advance(task)
    return {"pods_per_node": PODS_PER_NODE, "policies": POLICIES, "sizes": rows, "strategies": strategies}


def _measured(
    node_count: int, request_count: int, settings: PoolSettings, repeats: int, with_loop: bool = True
) -> dict[str, Any]:
    nodes, pods, requests = world(node_count, request_count)
    site = Site(settings, frozenset(node.name for node in nodes), (BUDGET,))
    found: dict[str, Any] = {
        "nodes": node_count,
        "requests": request_count,
        "allocation": settings.allocation.value,
        "node_choice": settings.node_choice.value if settings.allocation.chooses_by_node_choice else None,
    }
    here = survey(site, terrain(nodes, pods), (), 0.0)
    found["survey_ms"], _ = _best(lambda: survey(site, terrain(nodes, pods), (), 0.0), repeats)
    found["allocate_ms"], done = _best(lambda: allocate(requests, here), repeats)
    found["placed"] = len(done.placed)
    if with_loop:
        found["loop_ms"], placed = _best(lambda: double_loop(nodes, pods, requests), repeats)
        found["loop_placed"] = placed
        found["ratio"] = found["allocate_ms"] / found["loop_ms"]
    return found


def _best(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Milliseconds of processor time of the fastest of several runs, and what it gave."""
    best, result = float("inf"), None
    for _ in range(repeats):
        began = time.process_time()
        result = work()
        best = min(best, 1000 * (time.process_time() - began))
    return best, result


def world(node_count: int, request_count: int) -> tuple[list[Node], list[Pod], list[Request]]:
    """Nodes of three sizes that are half used, and requests of fifty policies with a size each."""
    draw = random.Random(7)
    nodes = [
        Node(f"n{i:05}", {}, True, True, draw.choice([4.0, 8.0, 16.0]), draw.choice([16, 32, 64]) * GIB, 110)
        for i in range(node_count)
    ]
    pods = [
        Pod(Key("shop", f"{node.name}-{j}"), "", {}, node.name, "Running", 0.0, 0.0, False, *_part(node))
        for node in nodes
        for j in range(PODS_PER_NODE)
    ]
    sizes = [(draw.choice([0.25, 0.5, 1.0, 2.0]), draw.choice([0.5, 1, 2, 4]) * GIB) for _ in range(POLICIES)]
    requests = [_request(i, sizes[i % POLICIES]) for i in range(request_count)]
    return nodes, pods, requests


def _part(node: Node) -> tuple[float, float]:
    return node.cpu_cores / (2 * PODS_PER_NODE), node.memory_bytes / (2 * PODS_PER_NODE)


def _request(i: int, size: tuple[float, float]) -> Request:
    owner = Key(f"ns{i % POLICIES % 10}", f"policy{i % POLICIES}")
    amounts = {"cpu": size[0], "memory": size[1], "pods": 1.0}
    return Request(f"r{i}", owner, "Standby", amounts, Constraints(owner.namespace))


def double_loop(nodes: list[Node], pods: list[Pod], requests: list[Request]) -> int:
    """How many requests find a place on the node that is least loaded by then."""
    free = {node.name: [node.cpu_cores, node.memory_bytes, float(node.pods)] for node in nodes}
    for pod in pods:
        left = free[pod.node]
        left[0], left[1], left[2] = left[0] - pod.cpu_cores, left[1] - pod.memory_bytes, left[2] - 1
    placed = 0
    for request in requests:
        cpu, memory = request.amounts["cpu"], request.amounts["memory"]
        best, chosen = 2.0, None
        for node in nodes:
            left = free[node.name]
            if left[0] >= cpu and left[1] >= memory and left[2] >= 1:
                load = max(1 - (left[0] - cpu) / node.cpu_cores, 1 - (left[1] - memory) / node.memory_bytes)
                if load < best:
                    best, chosen = load, left
        if chosen is not None:
            chosen[0], chosen[1], chosen[2] = chosen[0] - cpu, chosen[1] - memory, chosen[2] - 1
            placed += 1
    return placed
