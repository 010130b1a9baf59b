"""Nodes that come and go: who is followed, what of each is known, and that what is expected adds up."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from edgewarm.engine.parts import FORGOTTEN_SECONDS, MOST_PARTS, MOST_ROWS, Parts
from edgewarm.model.demand import DemandRequest, Measured, Reading
from edgewarm.model.identity import Key, Part, SeriesKey, Split
from edgewarm.model.load import Load
from edgewarm.model.numbers import ResourceNumbers
from edgewarm.model.quantiles import Outlook
from support.builders import BLIND, KEY, NOW, outlook, policy, quantiles

pytestmark = pytest.mark.unit

NODE, TYPE = Split.NODE, Split.REQUEST_TYPE
BY_NODE = policy(demand=DemandRequest("shop", query="demand", split=((NODE, "node"),)))
SERIES = BY_NODE.series[0]


def read(**nodes: float) -> Measured:
    """One answer."""
    return Measured(NOW, sum(nodes.values()), tuple((on(node), value) for node, value in nodes.items()))


def on(node: str) -> Part:
    return Part(NODE, node)


def by_node(found: Mapping[Part, ResourceNumbers]) -> dict[str, ResourceNumbers]:
    return {part.value: one for part, one in found.items() if part.by is NODE}


def seen(*readings: Reading, every: float = 60.0) -> Parts:
    """Passes with these readings, the last one at NOW."""
    parts = Parts()
    for index, reading in enumerate(readings):
        parts.see({KEY: BY_NODE}, {SeriesKey(KEY): reading}, NOW - (len(readings) - 1 - index) * every)
    return parts


def followed(parts: Parts) -> set[str | None]:
    return {name.part and name.part.value for name in parts.row_names({KEY: BY_NODE})}


def test_each_node_of_an_answer_is_a_row_that_asks_for_itself() -> None:
    (row,) = seen(read(a=30.0)).row_names({KEY: BY_NODE})
    assert (row.key, row.request.query, row.request.part) == (SeriesKey(KEY, "demand", on("a")), "demand", on("a"))


def test_a_policy_without_the_label_has_no_parts() -> None:
    parts = Parts()
    parts.see({KEY: policy()}, {SeriesKey(KEY): Measured(NOW, 90.0)}, NOW)
    assert parts.row_names({KEY: policy()}) == []
    assert parts.numbers(Load(policy().series[0], Measured(NOW, 90.0)), KEY, lambda _: None) == {}


def test_new_nodes_come_and_one_that_was_gone_for_an_hour_goes() -> None:
    assert followed(seen(read(a=1.0), read(b=1.0))) == {"a", "b"}
    assert followed(seen(read(a=1.0), BLIND, read(b=1.0), every=FORGOTTEN_SECONDS / 2)) == {"b"}


def test_fifty_are_followed_the_largest_first_and_stay() -> None:
    many = {f"n{index:02}": float(index) for index in range(MOST_PARTS + 2)}
    assert followed(seen(read(**many))) == {f"n{index:02}" for index in range(2, MOST_PARTS + 2)}
    assert followed(seen(read(**many), read(**(many | {"n00": 1e6})))) == {f"n{i:02}" for i in range(2, MOST_PARTS + 2)}


def test_a_policy_that_goes_is_forgotten() -> None:
    parts = seen(read(a=1.0))
    parts.see({}, {}, NOW)
    assert followed(parts) == set()


def test_a_node_without_a_series_has_no_demand_unless_all_is_unknown() -> None:
    parts, node = seen(read(a=30.0, b=60.0)), SeriesKey(KEY, "demand", on("b"))
    assert parts.samples({SeriesKey(KEY): read(a=30.0)})[node] == (0.0, False)
    assert parts.samples({SeriesKey(KEY): BLIND}) == {}


def test_medians_add_up_to_the_whole_and_what_is_not_followed_is_other() -> None:
    """a is sure of 30 (variance 0), b of 50 (variance 25); x = 5 has no row (variance 25).

    30 + 50 + 5 = 85 of 95: b and x get 5 each.
    """
    parts = seen(read(a=30.0, b=60.0))
    whole = Load(SERIES, read(a=30.0, b=60.0, x=5.0), outlook(95.0))
    sure, unsure = outlook(30.0), outlook(quantiles((0.1, 43.5925), (0.5, 50.0), (0.9, 56.4075)))
    known: dict[str, Outlook] = {"a": sure, "b": unsure}
    found = by_node(parts.numbers(whole, KEY, lambda part: known.get(part.value)))
    assert {node: one.demand for node, one in found.items()} == {"a": 30.0, "b": 60.0, "(other)": 5.0}
    medians = {node: one.forecast[0.5] for node, one in found.items()}
    assert medians == pytest.approx({"a": 30.0, "b": 55.0, "(other)": 10.0})
    assert found["b"].forecast[0.9] == pytest.approx(61.4075)


def test_a_node_may_be_called_other() -> None:
    """other = 7 has a row, x = 1 has none since it is the fifty-first of its policy."""
    many = {"other": 7.0, **{f"n{index:02}": 2.0 for index in range(MOST_PARTS - 1)}, "x": 1.0}
    found = by_node(seen(read(**many)).numbers(Load(SERIES, read(**many)), KEY, lambda _: None))
    assert (found["other"].demand, found["(other)"].demand) == (7.0, 1.0)


def test_all_policies_together_follow_five_hundred_and_those_of_before_stay() -> None:
    """Ten policies of 50 nodes fill all rows; the eleventh gets what the first gives back."""
    policies = {Key("shop", f"p{index:02}"): BY_NODE for index in range(MOST_ROWS // MOST_PARTS + 1)}
    first, *_, last = policies
    many = read(**{f"n{index:02}": 1.0 for index in range(MOST_PARTS)})
    parts = Parts()
    with capture_logs() as logs:
        for _ in range(2):
            parts.see(policies, {SeriesKey(key): many for key in policies}, NOW)
    assert [line["values"] for line in logs] == [MOST_PARTS]  # said once
    assert len(parts.row_names(policies)) == MOST_ROWS
    assert parts.row_names({last: BY_NODE}) == []
    assert parts.numbers(Load(SERIES, many), last, lambda _: None)[on("(other)")].demand == MOST_PARTS
    left = {key: one for key, one in policies.items() if key != first}
    parts.see(left, {SeriesKey(key): many for key in left}, NOW)
    assert len(parts.row_names({last: BY_NODE})) == MOST_PARTS


def test_without_a_forecast_of_the_whole_there_is_demand_only() -> None:
    found = by_node(seen(read(a=30.0)).numbers(Load(SERIES, read(a=30.0)), KEY, lambda _: outlook(1.0)))
    assert (found["a"].demand, found["a"].forecast) == (30.0, {})
    assert seen(read(a=30.0)).numbers(Load(SERIES, BLIND, outlook(1.0)), KEY, lambda _: None) == {}


def two_labels(**amounts: float) -> Measured:
    """One answer by node and type, named node_type."""
    parts: dict[Part, float] = {}
    for name, value in amounts.items():
        node, kind = name.split("_")
        for part in (on(node), Part(TYPE, kind)):
            parts[part] = parts.get(part, 0.0) + value
    return Measured(NOW, sum(amounts.values()), tuple(parts.items()))


def test_the_values_of_each_label_add_up_to_the_whole() -> None:
    """Two nodes and two types of one demand of 100, of which 120 is expected: each label's values share the 20."""
    answer = two_labels(a_cart=40.0, a_search=20.0, b_search=40.0)
    split = policy(demand=DemandRequest("shop", query="demand", split=((NODE, "node"), (TYPE, "type"))))
    parts = Parts()
    parts.see({KEY: split}, {SeriesKey(KEY): answer}, NOW)
    rows = parts.row_names({KEY: split})
    assert {str(name.part) for name in rows} == {"node a", "node b", "requestType cart", "requestType search"}
    spread = {part: quantiles((0.1, 0.9 * value), (0.5, value), (0.9, 1.1 * value)) for part, value in answer.parts}
    whole = Load(split.series[0], answer, outlook(120.0))
    found = parts.numbers(whole, KEY, lambda part: outlook(spread[part]))
    for by in (NODE, TYPE):
        assert sum(one.forecast[0.5] for part, one in found.items() if part.by is by) == pytest.approx(120.0)
        assert sum(one.demand or 0.0 for part, one in found.items() if part.by is by) == pytest.approx(100.0)


def test_each_label_of_a_policy_has_room_for_fifty_values() -> None:
    amounts = {f"n{index:02}_t{index:02}": float(index) for index in range(MOST_PARTS + 1)}
    split = policy(demand=DemandRequest("shop", query="demand", split=((NODE, "node"), (TYPE, "type"))))
    parts = Parts()
    parts.see({KEY: split}, {SeriesKey(KEY): two_labels(**amounts)}, NOW)
    rows = [name.part for name in parts.row_names({KEY: split}) if name.part is not None]
    for by, first in ((NODE, "n00"), (TYPE, "t00")):
        mine = [part.value for part in rows if part.by is by]
        assert len(mine) == MOST_PARTS
        assert first not in mine  # the smallest


def test_what_nodes_hold_is_the_largest_until_the_end_of_their_outlooks() -> None:
    # the whole holds 120 where its lead is 90; the nodes' 60 and 20 give way together, in proportion to their variance
    ahead = {"a": outlook(1.0, hold=quantiles((0.1, 40.0), (0.5, 60.0), (0.9, 80.0)))}
    ahead["b"] = outlook(1.0, hold=quantiles((0.1, 0.0), (0.5, 20.0), (0.9, 40.0)))
    reading = Measured(NOW, 90.0, ((on("a"), 60.0), (on("b"), 30.0), (Part(TYPE, "search"), 90.0)))
    whole = Load(SERIES, reading, outlook(90.0, hold=120.0))
    parts = seen(read(a=60.0, b=30.0))
    found = parts.held(whole, KEY, lambda part: ahead.get(part.value))
    assert {node: one.at(0.5) for node, one in found.items()} == pytest.approx({"a": 80.0, "b": 40.0})
    assert parts.held(Load(SERIES, BLIND, outlook(1.0)), KEY, lambda _: None) == {}
