"""Where one request goes, and why not: room, budgets, what goes first, what is given up, in words."""

from __future__ import annotations

import pytest

from edgewarm.model.identity import Key
from edgewarm.model.pool import Allocation, Budget, NodeChoice, Preemption, Qos, Slowdown
from edgewarm.model.prices import GIB
from edgewarm.pools.allocate import allocate
from edgewarm.pools.placement import Lack, Placed, Refusal, Refused, placement, taken
from edgewarm.pools.shortage import Help, explained
from support.pools import NOW, chooses, holding, node, pod, pool, request, settings

pytestmark = pytest.mark.unit


def where(answer: Placed | Refused) -> str:
    assert isinstance(answer, Placed), answer
    return answer.node


def refused(answer: Placed | Refused) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


PREEMPTS = settings(preemption=Preemption.LOWER)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(settings(Allocation.FIRST_FIT), "a", id="first by name"),
        pytest.param(settings(Allocation.BEST_FIT), "b", id="b keeps 1/4 cpu, 6/8 memory; c 7/8, 7/8"),
        pytest.param(settings(Allocation.WORST_FIT), "c", id="the most left"),
        pytest.param(chooses(NodeChoice.LEAST_LOADED), "c", id="a 2/4, b 3/4, c 1/8 cpu in use"),
        pytest.param(chooses(NodeChoice.MOST_CAPACITY), "c", id="the largest free room"),
        pytest.param(chooses(NodeChoice.PREDICTIVE), "a", id="a .1 + 1/4, b .6 + 1/4, c .9 + 1/8"),
    ],
)
def test_every_strategy_has_its_own_node(rules: object, expected: str) -> None:
    nodes = (node("a", 4.0), node("b", 4.0), node("c", 8.0))
    pods = (pod("one", "a", 1.0), pod("two", "b", 2.0))
    told = {"a": 0.1, "b": 0.6, "c": 0.9}
    assert where(placement(request(), pool(*nodes, pods=pods, rules=rules, forecast=told))) == expected


def test_round_robin_goes_on_after_the_node_that_was_taken_last() -> None:
    here = pool(node("a"), node("b"), node("c"), rules=settings(Allocation.ROUND_ROBIN))
    nodes = [placed.node for placed in allocate([request(f"web-{i}") for i in range(5)], here).placed]
    assert nodes == ["a", "b", "c", "a", "b"]


def test_a_balanced_choice_leaves_no_memory_without_cpu() -> None:
    """On a, cpu would be 4/4 and memory 2/8 in use; on b, whose memory is in use, 2/4 and 5/8."""
    here = pool(node("a"), node("b"), pods=(pod("x", "a", 3.0), pod("y", "b", 1.0, memory_bytes=4 * GIB)))
    balanced = pool(
        node("a"), node("b"), pods=(pod("x", "a", 3.0), pod("y", "b", 1.0, memory_bytes=4 * GIB)),
        rules=chooses(NodeChoice.BALANCED),
    )  # fmt: skip
    assert (where(placement(request(), here)), where(placement(request(), balanced))) == ("a", "b")


def test_a_pod_without_a_gpu_leaves_the_node_with_gpus_free() -> None:
    gpus = node("a", other={"nvidia.com/gpu": 2.0})
    here = pool(gpus, node("b"), rules=chooses(NodeChoice.LEAST_LOADED))
    assert where(placement(request(), here)) == "b"
    assert where(placement(request(other={"nvidia.com/gpu": 1.0}), here)) == "a"


def test_preferred_nodes_come_first_in_their_order_where_they_fit() -> None:
    here = pool(node("a"), node("b"), node("c"), pods=(pod("full", "c", 4.0),))
    assert where(placement(request(preferred=("c", "b", "elsewhere")), here)) == "b"


def test_what_is_granted_is_no_longer_there() -> None:
    here, first = pool(node("a", cpu=1.5)), request()
    placed = placement(first, here)
    assert isinstance(placed, Placed)
    assert refused(placement(request("web-2"), taken(placed, here))).lack == Lack("cpu", "a", 1.0, 0.5)


def test_a_reservation_holds_its_room_until_it_expires() -> None:
    held = holding("morning", "a", 4.0, until=NOW + 600.0)
    assert refused(placement(request(), pool(node("a"), holdings=(held,)))).reason is Refusal.NO_ROOM
    assert where(placement(request(), pool(node("a"), holdings=(held,), now=NOW + 600.0))) == "a"


def test_a_holding_whose_pod_runs_is_not_counted_twice() -> None:
    standby = holding("web-s1", "a", 2.0, pod=Key("shop", "web-s1"))
    here = pool(node("a"), pods=(pod("web-s1", "a", 2.0),), holdings=(standby,))
    assert where(placement(request(cpu=2.0), here)) == "a"  # 4 - 2 are free
    assert refused(placement(request(cpu=2.1), here)).lack == Lack("cpu", "a", 2.1, 2.0)


def test_promises_may_be_oversubscribed_and_pods_may_not() -> None:
    """1.5 x 4 = 6 cores may be promised, of 4 that a pod can really have; memory is not shareable."""
    rules = settings(oversubscription=1.5)
    here = pool(node("a"), holdings=(holding("p", "a", 4.0),), rules=rules)
    assert where(placement(request(cpu=2.0, promises=True), here)) == "a"
    assert isinstance(placement(request(cpu=2.1, promises=True), here), Refused)
    assert isinstance(placement(request(cpu=4.5), pool(node("a"), rules=rules)), Refused)
    assert isinstance(placement(request(gib=7.5, promises=True), here), Refused)  # 8 - 1 GiB


def test_the_refusal_says_what_is_short_and_what_would_help() -> None:
    promise = holding("night", "a", 3.0, until=NOW + 3600.0, qos=Qos.LOW)
    here = pool(node("a"), node("b", schedulable=False), node("c"), holdings=(promise,), members=frozenset({"a", "b"}))
    said = explained(refused(placement(request(cpu=2.0), here)), here)
    assert said.message == ("web-1: no node has room: nearest is a with cpu 1 free and 2 asked, 1 short (1 cordoned)")
    assert {help_.kind: help_.text for help_ in said.suggestions} == {
        Help.SMALLER: "cpu 1, memory 512Mi would fit on a",
        Help.OTHER_NODE: "c, which is not in the pool, has the room",
        Help.PREEMPT: "giving up night would make room on a: set spec.preemption PreemptLowerPriority",
        Help.WAIT: "room comes at 1970-01-12T14:46:40Z, when night expires",
    }


def test_a_tenant_does_not_read_what_another_holds() -> None:
    held = tuple(
        holding(f"h{i}", "a", 0.8, owner=Key(f"{'shop' if i else 'secret'}", "p"), qos=Qos.LOW) for i in range(5)
    )
    here = pool(node("a"), holdings=held)
    told = [str(one.text) for one in explained(refused(placement(request(cpu=4.0), here)), here).suggestions]
    assert (
        "giving up h1, h2, h3 and 1 more and 1 of other namespaces would make room on a: set spec.preemption"
        in " ".join(told)
    )
    assert not any("secret" in text or "h0" in text for text in told)


def test_a_resource_that_no_node_has_is_named() -> None:
    here = pool(node("a"))
    said = explained(refused(placement(request(other={"nvidia.com/gpu": 1.0}), here)), here)
    assert said.message == "web-1: no node has nvidia.com/gpu, and 1 is asked"


def test_a_budget_that_was_lowered_refuses_only_what_asks_for_it() -> None:
    """3 GiB of images are held of 2; a pod of a core and nothing else finds its place, one of 1 GiB more does not."""
    images = holding("images", "a", rung="Image", amounts={"storage": 3.0 * GIB})
    here = pool(node("a"), holdings=(images,), budgets=(Budget("spec.budgets", {"storage": 2.0 * GIB}),))
    assert isinstance(placement(request(), here), Placed)
    refused = placement(request(other={"storage": GIB}), here)
    assert isinstance(refused, Refused)
    assert "spec.budgets.storage has 0 left and 1Gi is asked" in explained(refused, here).message


def test_a_budget_is_checked_before_a_node_and_named_with_its_numbers() -> None:
    budget = Budget("spec.budgets", {"cpu": 2.0})
    here = pool(node("a"), holdings=(holding("one", "a", 1.5),), budgets=(budget,))
    said = explained(refused(placement(request(), here)), here)
    assert said.message == "web-1: spec.budgets.cpu has 500m left and 1 is asked: 500m short"
    assert Help.RAISE in {help_.kind for help_ in said.suggestions}


def test_what_is_spent_goes_before_anything_is_refused() -> None:
    """The budget of 2 cores is held by an expired standby whose pod still runs."""
    old = holding("old", "b", 2.0, until=NOW - 1.0, pod=Key("shop", "old"))
    here = pool(
        node("a"),
        node("b"),
        pods=(pod("old", "b", 2.0),),
        holdings=(old,),
        budgets=(Budget("spec.budgets", {"cpu": 2.0}),),
    )
    answer = placement(request(), here)
    assert isinstance(answer, Placed)
    assert (answer.node, answer.cleanup, answer.preempted) == ("a", (old,), ())
    assert [held.name for held in taken(answer, here).holdings] == ["web-1"]


def test_no_more_is_preempted_than_must_be() -> None:
    """4 cores asked of 6 with 1 free: giving up 3 cores does it, though 1 + 1 + 1 would as well."""
    held = tuple(holding(f"low-{cpu}", "a", cpu, qos=Qos.LOW) for cpu in (0.5, 1.0, 3.0))
    here = pool(node("a", cpu=5.5), holdings=held, rules=PREEMPTS)
    answer = placement(request(cpu=4.0), here)
    assert isinstance(answer, Placed)
    assert [victim.name for victim in answer.preempted] == ["low-3.0"]


@pytest.mark.parametrize(
    ("held", "asking", "given_up"),
    [
        pytest.param({"qos": Qos.LOW}, Qos.MEDIUM, True, id="lower yields"),
        pytest.param({"qos": Qos.MEDIUM}, Qos.MEDIUM, False, id="equal does not"),
        pytest.param({"qos": Qos.HIGH}, Qos.MEDIUM, False, id="higher does not"),
        pytest.param({"qos": Qos.LOW, "preemptible": False}, Qos.CRITICAL, False, id="unless it is not preemptible"),
    ],
)
def test_who_yields_to_whom(held: dict[str, object], asking: Qos, given_up: bool) -> None:
    here = pool(node("a"), holdings=(holding("h", "a", 4.0, **held),), rules=PREEMPTS)
    assert isinstance(placement(request(qos=asking), here), Placed) is given_up


def test_the_lowest_class_that_suffices_yields() -> None:
    held = (holding("low", "b", 4.0, qos=Qos.LOW), holding("medium", "a", 4.0, qos=Qos.MEDIUM))
    answer = placement(request(qos=Qos.HIGH), pool(node("a"), node("b"), holdings=held, rules=PREEMPTS))
    assert isinstance(answer, Placed)
    assert (answer.node, answer.preempted) == ("b", held[:1])


def test_only_so_many_nodes_are_held_and_only_so_many_new_ones_in_a_pass() -> None:
    budget = Budget("spec.warming", max_nodes=3, max_new_nodes=1)
    here = pool(
        *(node(name) for name in "abcd"), holdings=(holding("one", "a"),), budgets=(budget,),
        rules=settings(Allocation.ROUND_ROBIN),
    )  # fmt: skip
    nodes = [placed.node for placed in allocate([request(f"web-{i}") for i in range(4)], here).placed]
    assert nodes == ["b", "a", "b", "a"]  # c would be the second new node of this pass


def test_warming_slows_in_proportion_and_then_pauses() -> None:
    rules = settings(slowdown=Slowdown(0.5, 0.9))
    asked = [request(f"web-{i}", cpu=0.1) for i in range(8)]
    slow = allocate(asked, pool(node("a", cpu=10.0, gib=100.0), pods=(pod("x", "a", 7.0),), rules=rules))
    assert (len(slow.placed), {one.reason for one in slow.refused}) == (4, {Refusal.SLOWED})  # (.9 - .7) / (.9 - .5)
    full = pool(node("a", cpu=10.0, gib=100.0), pods=(pod("x", "a", 9.0),), rules=rules)
    assert {one.reason for one in allocate(asked, full).refused} == {Refusal.PAUSED}
    assert explained(allocate(asked, full).refused[0], full).message == (
        "web-0: the pool is at 90%, and warming pauses from 90% on"
    )


def test_a_pool_without_nodes_says_so() -> None:
    here = pool(node("a"), members=frozenset())
    assert explained(refused(placement(request(), here)), here).message == "web-1: the pool has no node"
