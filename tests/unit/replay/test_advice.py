"""What a replay says to the policy's author, and the tables that it is read from."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.model.policy import Bounds
from edgewarm.replay.advice import advice, last_week
from edgewarm.replay.comparison import Comparison, Rival
from edgewarm.replay.peers import fixed, hpa
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course
from edgewarm.replay.starts import Starts
from edgewarm.replay.tables import notes, numbers, table
from support.scenes import scene

pytestmark = pytest.mark.unit


def steady(world: Scene, pods: int) -> Course:
    count = np.full((world.rows, 1), pods)
    return Course(count, count)


def comparison(world: Scene, pods: dict[float, int], *peers: object) -> Comparison:
    """Ours holds so many pods at each kappa, the reactive answer one more, the oracle two."""
    by = [{kappa: steady(world, count + more) for kappa, count in pods.items()} for more in range(3)]
    return Comparison(world, *by, tuple(Rival.of(peer, world) for peer in peers))  # type: ignore[arg-type]


def test_the_smallest_kappa_that_is_good_enough_is_suggested() -> None:
    world = scene([2.0] * 9 + [4.0])  # with 3 pods a pod of 22 is missed, 1 / 22 = 4.5 %

    found = advice(comparison(world, {30.0: 4, 10.0: 3, 3.0: 2}), cold_share=0.05)

    assert found.kappa == 10.0
    assert "the smallest of those tried (3, 10, 30)" in found.sentences[0]


def test_where_no_kappa_is_good_enough_the_sentence_says_so() -> None:
    found = advice(comparison(scene([2.0]), {3.0: 1}), cold_share=0.01)

    assert found.sentences[0].startswith("kappa above 3 (tried: 3): even then 50.00%")


def test_bounds_are_read_off_the_need_with_a_reserve() -> None:
    world = scene([*[3.0] * 50, *[20.0] * 50])

    found = advice(comparison(world, {10.0: 20}), cold_share=0.01)

    assert (found.low, found.high) == (3, 22)  # 20 and a tenth more


@pytest.mark.parametrize("allowed", [0, 1])
def test_zero_is_suggested_where_it_is_allowed(allowed: int) -> None:
    world = scene([*[0.0] * 50, *[20.0] * 50], bounds=Bounds(allowed, 99))

    found = advice(comparison(world, {10.0: 20}), cold_share=0.01)

    assert found.low == allowed
    assert f"minReplicas {allowed} (p1 of the need)" in found.sentences[1]


def test_last_week_is_the_last_seven_days_of_the_test_span() -> None:
    hours = scene([2.0] * (9 * 24), begin=24, step_seconds=3600.0)

    said = last_week(hours, 10.0, steady(hours, 3), pod_hour_price=0.5)

    assert said.sentence == (  # 7 x 24 x 3 pods, of which one is idle
        "Last week with this policy (kappa 10) would have cost 504 pod-hours (252.00 at 0.5 each, 84.00 of it idle) "
        "and missed 0.00% of demand, in 0 minutes, worth 0.00."
    )


def test_without_a_price_there_is_no_money() -> None:
    hours = scene([2.0] * 48, begin=24, step_seconds=3600.0)

    said = last_week(hours, 3.0, steady(hours, 1))

    assert said.money is None
    assert "each" not in said.sentence


def test_what_is_missing_costs_kappa_times_a_pod() -> None:
    hours = scene([2.0] * 48, begin=24, step_seconds=3600.0)

    said = last_week(hours, 3.0, steady(hours, 1), pod_hour_price=0.5)

    assert said.money == {"held": 12.0, "idle": 0.0, "shortage": 36.0}  # 24 h x 1 pod x .5; 3 x 24 h x 1 x .5


def test_a_shorter_span_says_how_long_it_is() -> None:
    hours = scene([2.0] * 48, begin=24, step_seconds=3600.0)

    assert last_week(hours, 3.0, steady(hours, 1)).sentence.startswith(
        "The last 1.0 days with this policy (kappa 3) would"
    )
    assert "missed 50.00% of demand, in 1,440 minutes" in last_week(hours, 3.0, steady(hours, 1)).sentence


def test_peers_are_tuned_for_each_kappa_on_their_own() -> None:
    world = scene([1.0] * 9 + [5.0], bounds=Bounds(1, 9))
    found = comparison(world, {1.0: 2, 50.0: 2}, fixed.PEER)

    # one pod short by 4 for a minute: 4 kappa; n pods idle 9 (n - 1): at kappa 1 one pod, at 50 all five
    assert [row.knob for kappa in (1.0, 50.0) for row in found.rows(kappa) if row.name == "fixed"] == [
        "1 pods",
        "5 pods",
    ]
    assert found.ratio(1.0) == (9 + 3) / 4


def test_a_peer_is_also_shown_with_the_knobs_that_it_ships_with() -> None:
    world = scene([2.0] * 25, begin=5, bounds=Bounds(1, 9))
    found = {row.name: row for row in comparison(world, {10.0: 2}, hpa.PEER, fixed.PEER).rows(10.0)}

    # 80 % of three pods would serve 2.4: one pod is idle for all of 20 minutes
    assert found["hpa"].untuned is not None
    assert found["hpa"].untuned.idle == 20.0
    assert found["hpa"].cost.idle == 0.0
    assert found["fixed"].untuned is None


def test_the_table_is_in_order_of_cost_between_ours_and_the_limit() -> None:
    found = comparison(scene([2.0, 3.0, 2.0, 5.0] * 5), {10.0: 4}, hpa.PEER, fixed.PEER)
    rows = found.rows(10.0)

    assert [rows[0].name, rows[-2].name, rows[-1].name] == ["edgewarm", "reactive", "oracle"]
    assert rows[1].cost.total(10.0) <= rows[2].cost.total(10.0)
    assert table(found, 10.0).splitlines()[-1].startswith("edgewarm costs ")


def test_without_peers_nothing_is_compared() -> None:
    found = comparison(scene([2.0]), {10.0: 2})

    assert found.best_rival(10.0) is None
    assert numbers(found)["kappas"]["10"]["ratio_to_best_peer"] is None
    assert "best tuned" not in table(found, 10.0)


def test_notes_say_what_is_not_counted_and_what_is_drawn() -> None:
    world = scene([2.0, np.nan, 2.0], starts=Starts(60.0, 0.3))

    said = " ".join(notes(comparison(world, {10.0: 2})))

    assert "1 steps of the test span have no value" in said
    assert "a bound that none can reach" in said


def test_notes_say_where_nothing_is_needed_or_more_than_is_allowed() -> None:
    nothing, much = scene([0.0, 0.0]), scene([2.0, 5.0, 9.0], bounds=Bounds(1, 4))

    assert "No pod is needed in the test span" in " ".join(notes(comparison(nothing, {10.0: 1})))
    said = "2 steps of the test span need more pods than the 4 allowed: as many as 9 where one serves 1."
    assert said in notes(comparison(much, {10.0: 4}))
