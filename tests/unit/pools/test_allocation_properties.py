"""What holds for any pool and any requests: never too much, nothing lost, fair, order where it should not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.model.amounts import total
from edgewarm.model.identity import Key
from edgewarm.model.pool import Allocation, Budget, Holding, NodeChoice, PoolSettings, Preemption, Qos, Request
from edgewarm.model.prices import GIB
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.allocate import Allocated, allocate
from edgewarm.pools.placement import Placed, placement
from edgewarm.pools.survey import Survey
from edgewarm.pools.victims import fewest
from support.pools import NOW, holding, node, pod, pool, request

pytestmark = pytest.mark.unit

eighths = st.integers(0, 32).map(lambda n: n / 8)
settings = st.builds(
    PoolSettings,
    allocation=st.sampled_from(Allocation),
    node_choice=st.sampled_from(NodeChoice),
    preemption=st.sampled_from(Preemption),
    oversubscription=st.sampled_from([1.0, 1.5]),
)


@st.composite
def nodes(draw: st.DrawFn) -> list[Node]:
    count = draw(st.integers(1, 6))
    extra = st.sampled_from([{}, {"nvidia.com/gpu": 2.0}])
    return [node(f"n{i}", draw(eighths), draw(st.integers(0, 16)), other=draw(extra)) for i in range(count)]


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    def one(i: int) -> Request:
        other = {"nvidia.com/gpu": 1.0} if draw(st.booleans()) and draw(st.booleans()) else {}
        asked = request(f"r{i:02}", draw(eighths), draw(st.integers(0, 8)), other=other)
        owner = Key(draw(st.sampled_from(["a", "b", "c"])), "web")
        qos, value = draw(st.sampled_from(Qos)), draw(st.floats(0, 5))
        return replace(asked, owner=owner, qos=qos, value=value, promises=draw(st.booleans()))

    return [one(i) for i in range(draw(st.integers(0, 15)))]


@st.composite
def holdings(draw: st.DrawFn) -> tuple[Holding, ...]:
    times = st.sampled_from([None, NOW - 1.0, NOW + 60.0])
    return tuple(
        holding(f"h{i}", f"n{draw(st.integers(0, 5))}", draw(st.integers(0, 8)) / 8, qos=draw(st.sampled_from(Qos)),
                until=draw(times), preemptible=draw(st.booleans()), surplus=draw(st.booleans()))
        for i in range(draw(st.integers(0, 6)))
    )  # fmt: skip


budgets = st.sampled_from([(), (Budget("spec.budgets", {"cpu": 3.0, "pods": 6.0}),)])


def begun(found: list[Node], held: tuple[Holding, ...], rules: PoolSettings, limits: tuple[Budget, ...] = ()) -> Survey:
    """A pool whose holdings do not overfill it at the start."""
    kept: list[Holding] = []
    for one in held:
        survey = pool(*found, holdings=(*kept, one), rules=rules, budgets=limits)
        full = (survey.unpromised + survey.ground.slack < -survey.ground.margin).any()
        if not full and all(left >= 0 for account in survey.accounts for left in account.left().values()):
            kept.append(one)
    return pool(*found, holdings=tuple(kept), rules=rules, budgets=limits)


@given(nodes(), requests(), holdings(), settings, budgets)
def test_no_node_and_no_budget_is_ever_exceeded(
    found: list[Node], asked: list[Request], held: tuple[Holding, ...], rules: PoolSettings, limits: tuple[Budget, ...]
) -> None:
    done = allocate(asked, begun(found, held, rules, limits))
    ratio = {"cpu": rules.oversubscription}
    promises = {one.name for one in asked if one.promises}
    for one in found:
        here = [h for h in done.survey.holdings if h.node == one.name]
        for name, has in one.allocatable.items():
            assert total(h.amounts for h in here).get(name, 0.0) <= has * ratio.get(name, 1.0) + 1e-6
            pods = [h for h in here if h.name.startswith("r") and h.name not in promises]
            assert total(h.amounts for h in pods).get(name, 0.0) <= has + 1e-6
    for limit in limits:
        spent = total(h.amounts for h in done.survey.holdings)
        assert all(spent.get(name, 0.0) <= most + 1e-6 for name, most in limit.limits.items())


@given(nodes(), requests(), holdings(), settings)
def test_every_request_is_answered_once_and_nothing_is_lost(
    found: list[Node], asked: list[Request], held: tuple[Holding, ...], rules: PoolSettings
) -> None:
    before = begun(found, held, rules)
    done = allocate(asked, before)
    assert Counter(answer.request.name for answer in done.answers) == Counter(one.name for one in asked)
    gone = {h.name for one in done.placed for h in (*one.cleanup, *one.preempted)}
    there = {h.name for h in before.holdings} | {one.holding.name for one in done.placed}
    assert {h.name for h in done.survey.holdings} == there - gone
    again = pool(*found, holdings=done.survey.holdings, rules=rules)
    assert np.allclose(again.unpromised, done.survey.unpromised)


def outcome(done: Allocated) -> list[tuple[str, str]]:
    return sorted((one.request.name, one.node) for one in done.placed)


@given(nodes(), requests(), settings, st.randoms(use_true_random=False))
def test_the_order_of_nodes_never_matters_and_that_of_requests_only_to_strategies_that_say_so(
    found: list[Node], asked: list[Request], rules: PoolSettings, random: object
) -> None:
    first = outcome(allocate(asked, pool(*found, rules=rules)))
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(allocate(asked, pool(*shuffled, rules=rules))) == first
    if rules.allocation.chooses_by_node_choice:
        mixed = list(asked)
        random.shuffle(mixed)  # type: ignore[attr-defined]
        assert outcome(allocate(mixed, pool(*found, rules=rules))) == first


@given(st.integers(1, 30), st.lists(st.integers(0, 12), min_size=2, max_size=5))
def test_fair_shares_are_within_one_unit(room: int, wanted: list[int]) -> None:
    """Who still asks has at most one unit less than anybody else; and the room is used up before anyone is refused."""
    rules = PoolSettings(Allocation.FAIR_SHARE)
    asked = [
        replace(request(f"{ns}-{i}"), owner=Key(f"ns{ns}", "web")) for ns, n in enumerate(wanted) for i in range(n)
    ]
    done = allocate(asked, pool(node("a", cpu=float(room), gib=1000.0), rules=rules))
    got = Counter(one.request.owner.namespace for one in done.placed)
    for ns, n in enumerate(wanted):
        if got[f"ns{ns}"] < n:
            assert got[f"ns{ns}"] >= max(got.values()) - 1
    assert len(done.placed) == min(room, sum(wanted))


@given(nodes(), requests(), holdings())
def test_priority_never_refuses_a_higher_class_for_a_lower(
    found: list[Node], asked: list[Request], held: tuple[Holding, ...]
) -> None:
    """All requests are of one size, so what a lower class got the higher one could have had."""
    same = [replace(one, amounts={"cpu": 0.5, "memory": GIB, "pods": 1.0}, promises=False) for one in asked]
    done = allocate(same, begun(found, held, PoolSettings(Allocation.PRIORITY)))
    refused = min((one.request.qos.rank for one in done.refused), default=9)
    assert all(one.request.qos.rank <= refused for one in done.placed)


def subsets(rows: Sequence[int]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(rows, count) for count in range(len(rows) + 1)))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=0, max_size=8),
    st.tuples(st.integers(-2, 12), st.integers(-2, 12)),
)
def test_as_little_is_given_up_as_will_do(gives: list[tuple[int, int]], lacks: tuple[int, int]) -> None:
    table, need = np.array(gives, dtype=float).reshape(len(gives), 2), np.array(lacks, dtype=float)

    def suffices(rows: tuple[int, ...]) -> bool:
        return bool((table[list(rows)].sum(axis=0) >= need).all())

    best = min((len(rows) for rows in subsets(range(len(gives))) if suffices(rows)), default=None)
    found = fewest(table, need)
    assert (None if found is None else len(found)) == best
    assert found is None or suffices(found)


@given(st.lists(st.integers(1, 9), min_size=11, max_size=20), st.integers(1, 60))
def test_of_many_nothing_is_given_up_that_could_be_kept(gives: list[int], lack: int) -> None:
    table, need = np.array(gives, dtype=float)[:, None], np.array([float(lack)])
    found = fewest(table, need)
    assert (found is None) == (sum(gives) < lack)
    if found is not None:
        assert all(sum(gives[v] for v in found if v != out) < lack for out in found)


@given(holdings(), eighths, st.sampled_from(Qos))
def test_only_what_is_spent_or_lower_and_preemptible_is_given_up(
    held: tuple[Holding, ...], cpu: float, qos: Qos
) -> None:
    found = [node(f"n{i}", cpu=1.0) for i in range(6)]
    before = begun(found, held, PoolSettings(preemption=Preemption.LOWER))
    answer = placement(replace(request(cpu=cpu / 4), qos=qos), before)
    if isinstance(answer, Placed):
        assert all(victim.is_spent(NOW) for victim in answer.cleanup)
        assert all(victim.preemptible and victim.qos.rank > qos.rank for victim in answer.preempted)
        rest = [h for h in before.holdings if h not in (*answer.cleanup, *answer.preempted)]
        for spared in (*answer.cleanup, *answer.preempted):
            fuller = pool(*found, holdings=(*rest, spared), rules=PoolSettings())
            kept = placement(replace(request(cpu=cpu / 4), only=frozenset({answer.node})), fuller)
            assert not (isinstance(kept, Placed) and not kept.cleanup)


def test_pods_that_run_are_counted_like_the_scheduler_does() -> None:
    running: tuple[Pod, ...] = (pod("a", "n0", 1.5), pod("b", "n0", 1.0, phase="Succeeded"))
    here = pool(node("n0"), pods=running)
    assert here.free[:2, 0].tolist() == [2.5, 7 * GIB]
