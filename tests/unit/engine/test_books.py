"""Books: opened, resumed, renewed, closed, and told about starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.situation import Change, Recommendation
from edgewarm.engine.book import Book, Pacing, Shadow
from edgewarm.engine.books import Books
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.confidence import Block, Blocks, fleet_prior
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.thresholds import learned_threshold
from edgewarm.model.decision import Action, DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import SCALE_DOWN_DEFAULT, Bounds, Mode, Strategy
from edgewarm.model.stages import Pull, PullOf, Stage
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import PodStart
from support.builders import KEY, NOW, TARGET, policy, policy_object, record, workload

pytestmark = pytest.mark.unit


def view(*items: PolicyObject, **overrides: Any) -> ClusterView:
    plain: dict[str, Any] = {
        "policies": {item.key: item for item in items},
        "workloads": {("shop", TARGET): workload()},
    }
    return ClusterView(**(plain | overrides))


def opened(*items: PolicyObject, **overrides: Any) -> Books:
    books = Books()
    books.follow(view(*(items or (policy_object(),)), **overrides), NOW)
    return books


def book_of(books: Books, key: Key = KEY) -> Book:
    found = books.get(key)
    assert found is not None
    return found


def test_a_policy_that_cannot_be_read_has_no_book() -> None:
    assert opened(policy_object(policy=None)).get(KEY) is None


def test_a_policy_that_is_unreadable_for_a_while_keeps_its_book() -> None:
    books = opened()
    before = book_of(books)
    books.follow(view(policy_object(policy=None)), NOW + 15)
    books.follow(view(policy_object()), NOW + 30)
    assert book_of(books) is before


def test_a_book_closes_with_its_policy() -> None:
    books = opened()
    books.follow(view(), NOW)
    assert books.get(KEY) is None


def test_a_policy_that_was_made_anew_gets_a_new_book() -> None:
    books = opened()
    before = book_of(books)
    books.follow(view(policy_object(uid="another")), NOW)
    assert book_of(books) is not before


@pytest.mark.parametrize(
    ("was", "becomes", "anew"),
    [
        (Mode.OBSERVE, Mode.ACT, True),
        (Mode.ACT, Mode.OBSERVE, True),
        (Mode.RECOMMEND, Mode.ACT, False),
        (Mode.OBSERVE, Mode.OBSERVE, False),
    ],
)
def test_scores_begin_anew_between_simulated_and_real(was: Mode, becomes: Mode, anew: bool) -> None:
    books = opened(policy_object(policy=policy(mode=was)))
    kept = book_of(books)
    kept.score = type(kept.score)(NOW, was is Mode.OBSERVE, Tally(raised=5.0))
    kept.own, kept.shadow = Capacity(4, 4), Shadow(Capacity(4, 4))
    books.follow(view(policy_object(policy=policy(mode=becomes, kappa=3.0))), NOW + 60)
    assert book_of(books) is kept
    assert kept.policy.kappa == 3.0
    assert (kept.score.since, kept.score.tally.raised) == ((NOW + 60, 0.0) if anew else (NOW, 5.0))
    assert (kept.shadow is None) is anew


@pytest.mark.parametrize(
    ("phase", "evaluated", "live"),
    [
        (Phase.EXECUTED, False, True),
        (Phase.OBSERVED, False, True),
        (Phase.EXECUTED, True, False),
        (Phase.AWAITING_APPROVAL, False, False),
        (Phase.FAILED, False, False),
        (None, False, False),
    ],
)
def test_the_decision_in_force_is_taken_up_again(phase: Phase | None, evaluated: bool, live: bool) -> None:
    newest = record(key=Key("shop", "web-2"), created_at=NOW - 50, phase=phase, evaluated=evaluated)
    kept = book_of(opened(decisions={newest.key: newest}))
    assert (kept.last_decision, kept.last_decision_at) == ("web-2", NOW - 50)
    assert [(one.key.name, one.before, one.after, one.simulated) for one in kept.lives] == (
        [("web-2", 2, 5, phase is Phase.OBSERVED)] if live else []
    )


def decided(number: int, before: int, after: int) -> DecisionRecord:
    action = Action("Replica", before, after, NOW)
    key = Key("shop", f"web-{number}")
    return record(key=key, created_at=NOW - 100 + number, phase=Phase.EXECUTED, action=action)


@pytest.mark.parametrize(
    ("changes", "in_force"),
    [
        pytest.param([(2, 4), (4, 7)], [0, 1], id="two rises that both still hold"),
        pytest.param([(2, 4), (4, 7), (7, 5)], [0, 2], id="a fall to 5 undoes the rise to 7, not the one to 4"),
        pytest.param([(2, 4), (4, 2)], [1], id="a fall to where it began undoes the rise"),
        pytest.param([(7, 4), (4, 6)], [1], id="a fall is over with the next decision"),
    ],
)
def test_every_rise_that_still_holds_is_taken_up_again(changes: list[tuple[int, int]], in_force: list[int]) -> None:
    records = [decided(number, before, after) for number, (before, after) in enumerate(changes)]
    kept = book_of(opened(decisions={one.key: one for one in records}))
    assert [one.key for one in kept.lives] == [records[number].key for number in in_force]


def test_records_are_the_policys_own_and_the_oldest_comes_first() -> None:
    of_web = [record(key=Key("shop", f"web-{n}"), created_at=NOW - n) for n in (1, 2)]
    others = [record(key=Key("shop", "api-1"), policy="api"), record(key=Key("other", "web-1"))]
    books = opened(decisions={r.key: r for r in (*of_web, *others)})
    assert [r.key.name for r in books.records(KEY)] == ["web-2", "web-1"]
    assert books.records(Key("shop", "nobody")) == ()


@pytest.mark.parametrize(
    ("namespace", "labels", "seconds"),
    [
        pytest.param("shop", {"app": "web", "x": "y"}, (30.0,), id="its own pod"),
        pytest.param("shop", {"app": "api"}, (), id="another workload's pod"),
        pytest.param("other", {"app": "web"}, (), id="another namespace"),
    ],
)
def test_a_start_counts_for_the_policy_whose_target_selects_the_pod(
    namespace: str, labels: dict[str, str], seconds: tuple[float, ...]
) -> None:
    books = opened()
    books.take_starts([PodStart(Key(namespace, "pod"), labels, NOW, NOW + 30)], view(policy_object()))
    assert book_of(books).lead.seconds == seconds


def test_a_start_teaches_its_stages_and_a_pull_the_speed_of_its_node() -> None:
    books = opened()
    pull = Pull("u1", "n1", "web", PullOf.CONTAINER, 12.0, 10.0, 50_000_000)
    books.take_pulls([pull])
    start = PodStart(Key("shop", "pod"), {"app": "web"}, NOW, NOW + 30, "n1", {Stage.IMAGE: 12.0}, 50_000_000.0)
    books.take_starts([start], view(policy_object()))
    assert book_of(books).stages.quantile(Stage.IMAGE, 0.9) == 12.0
    assert [lead.stage for lead in book_of(books).stage_leads] == [Stage.IMAGE]
    assert books.speeds.seconds(100_000_000, 0.9, "n1") == 20.0


def test_pacing_forgets_what_no_window_reaches() -> None:
    found = Pacing().recommended(NOW - 400, 9, 300.0).recommended(NOW - 200, 8, 300.0).recommended(NOW, 7, 300.0)
    assert found.recommendations == (Recommendation(NOW - 200, 8), Recommendation(NOW, 7))
    changed = Pacing().changed(NOW - 1800, 2).changed(NOW - 1799, 3).changed(NOW, -1)
    assert changed.changes == (Change(NOW - 1799, 3), Change(NOW, -1))  # HPA periods are half an hour at most


def proof(*gains: float) -> tuple[Block, ...]:
    return tuple(Block(NOW - (i + 1) * 21600.0, gain, 100 * gain, backtest=True) for i, gain in enumerate(gains))


def test_a_policy_without_evidence_hopes_with_the_others_but_is_not_trusted() -> None:
    books = opened(policy_object("a"), policy_object("b"))
    a, b = Key("shop", "a"), Key("shop", "b")
    books.take_rehearsed({a: proof(0.5, 0.5), Key("shop", "gone"): proof(0.1)})
    books.believe(NOW)
    first, second = book_of(books, a).belief, book_of(books, b).belief
    assert first is not None
    assert second is not None
    assert (first.gain, first.confidence > 0.7) == (0.5, True)
    assert second.mean == pytest.approx(0.1)  # .5 of one other, shrunk: .5 / (1 + 4)
    assert (second.blocks, second.confidence) == (0.0, 0.5)


def test_the_fleets_backtest_proves_nothing_of_another_model() -> None:
    books = opened(policy_object(policy=policy(model="ARIMA")))
    books.take_rehearsed({KEY: proof(0.5)})
    assert book_of(books).blocks.closed == ()


def test_one_policy_that_cannot_be_believed_leaves_the_others_believed() -> None:
    books = Books()
    books.follow(view(policy_object("good"), policy_object("bad")), NOW)
    bad, good = (books.get(Key("shop", name)) for name in ("bad", "good"))
    assert bad is not None
    assert good is not None
    bad.blocks = Blocks(("no block",))  # type: ignore[arg-type]
    good.blocks = Blocks(tuple(Block(NOW - 21600.0 * n, 0.5, 10.0) for n in range(8, 0, -1)))
    books.believe(NOW)
    assert good.belief is not None
    assert good.belief.confidence > 0.9


def test_the_threshold_is_learned_with_the_prior_of_the_live_confidence() -> None:
    """Ten others gain .5, so the forecast begins trusted at over 80 %, whereas alone it would begin at 50 %."""
    books, others = Books(), [policy_object(f"other-{n}") for n in range(10)]
    books.follow(view(policy_object("new"), *others), NOW)
    gains = (0.9, -0.6, -0.6, -0.6)
    for key in (Key("shop", "new"), *(one.key for one in others)):
        kept = books.get(key)
        assert kept is not None
        found = gains if key.name == "new" else (0.5,) * 8
        kept.blocks = Blocks(
            tuple(Block(NOW - 21600.0 * (len(found) - n), gain, 10 * gain) for n, gain in enumerate(found))
        )
    books.believe(NOW)
    new = books.get(Key("shop", "new"))
    assert new is not None
    prior = fleet_prior(5.0, 10)
    assert new.learned_threshold == learned_threshold(new.blocks.closed, NOW, prior)
    assert new.learned_threshold != learned_threshold(new.blocks.closed, NOW)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"kappa": 100.0}, False),
        ({"capacity_per_pod": 20.0}, False),
        ({"demand": DemandRequest("shop", "other")}, False),
        ({"model": "Linear"}, False),
        ({"scale_down": replace(SCALE_DOWN_DEFAULT, stabilization_seconds=0.0)}, False),
        ({"scale_down": replace(SCALE_DOWN_DEFAULT, stated=True)}, False),
        ({"scale_up_utilization": 0.6}, False),
        ({"bounds": Bounds(0, 100)}, False),
        ({"bounds": Bounds(2, 200)}, True),
        ({"mode": Mode.OBSERVE, "strategy": Strategy.PREDICTIVE, "confidence_threshold": 0.8}, True),
    ],
)
def test_what_was_proved_of_other_costs_or_plans_proves_nothing_now(change: dict[str, Any], kept: bool) -> None:
    books = opened()
    book_of(books).blocks = Blocks((Block(NOW - 21600.0, 0.5, 10.0),))
    books.follow(view(policy_object(policy=policy(**change))), NOW)
    assert bool(book_of(books).blocks.closed) is kept
