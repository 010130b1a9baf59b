"""What a node holds of data within its budget, with the arithmetic in sight. The budget is 100 bytes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from edgewarm.decide.storage import Kept, StoragePlan, Tier, storage_plan, tier

pytestmark = pytest.mark.unit

OLD, NEW = Kept(40.0, 100.0), Kept(30.0, 200.0)
MOUNTED = Kept(50.0, 300.0, in_use=True)


@pytest.mark.parametrize(
    ("wanted", "kept", "expected"),
    [
        pytest.param({"a": 60.0, "b": 40.0}, {}, StoragePlan(("a", "b")), id="60 + 40 fit"),
        pytest.param({"a": 60.0, "b": 41.0}, {}, StoragePlan(("a",), (), {"b": 1.0}), id="one byte is short"),
        pytest.param({"a": 60.0, "b": 41.0, "c": 40.0}, {}, StoragePlan(("a", "c"), (), {"b": 1.0}), id="c fits"),
        pytest.param({"a": 30.0}, {"old": OLD, "new": NEW}, StoragePlan(("a",)), id="30 + 70 fit"),
        pytest.param({"a": 31.0}, {"old": OLD, "new": NEW}, StoragePlan(("a",), ("old",)), id="longest unused first"),
        pytest.param(
            {"a": 71.0}, {"old": OLD, "new": NEW}, StoragePlan(("a",), ("old", "new")), id="71 + 30 is one too many"
        ),
        pytest.param({"a": 61.0}, {"old": OLD, "new": NEW}, StoragePlan(("a",), ("old",)), id="61 + 30 fit"),
        pytest.param(
            {"a": 61.0, "old": 40.0}, {"old": OLD, "new": NEW}, StoragePlan((), (), {"a": 1.0}), id="wanted stays"
        ),
        pytest.param({"a": 51.0}, {"m": MOUNTED, "new": NEW}, StoragePlan((), (), {"a": 1.0}), id="mounted stays"),
        pytest.param(
            {}, {"m": MOUNTED, "old": OLD, "new": NEW}, StoragePlan((), ("old",)), id="a smaller budget than before"
        ),
    ],
)
def test_wanted_data_is_granted_and_the_longest_unused_gives_way(
    wanted: Mapping[str, float], kept: Mapping[str, Kept], expected: StoragePlan
) -> None:
    assert storage_plan(wanted, kept, 100.0) == expected


def test_tiers_go_by_use() -> None:
    assert [tier(True, MOUNTED), tier(False, MOUNTED), tier(True, OLD), tier(False, OLD)] == [
        Tier.HOT, Tier.HOT, Tier.WARM, Tier.COLD,
    ]  # fmt: skip


SIZES = some.integers(1, 60).map(float)
NAMES = some.sampled_from("abcdefgh")
KEPT = some.builds(Kept, SIZES, some.integers(0, 9).map(float), some.booleans())


@given(some.dictionaries(NAMES, SIZES), some.dictionaries(NAMES, KEPT), some.integers(0, 200).map(float))
def test_for_any_node_the_budget_holds_and_nothing_goes_for_nothing(
    wanted: dict[str, float], kept: dict[str, Kept], budget: float
) -> None:
    plan = storage_plan(wanted, kept, budget)
    stays = {name: one.size for name, one in kept.items() if name not in plan.evicted}
    fixed = {name for name, one in kept.items() if name in wanted or one.in_use}
    total = sum(stays.values()) + sum(wanted[name] for name in plan.grants)
    assert fixed <= stays.keys()
    assert set(plan.grants) | set(plan.short) == wanted.keys() - kept.keys()
    assert total <= max(budget, sum(kept[name].size for name in fixed))
    if plan.evicted:
        last = plan.evicted[-1]
        assert total + kept[last].size > budget
        assert all(kept[last].used_at <= kept[name].used_at for name in stays.keys() - fixed)
