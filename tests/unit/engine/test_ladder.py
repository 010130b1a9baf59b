"""The ladder: order, modes, and trouble that stays with its rung."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from edgewarm.engine.ladder import Ladder, LadderPlan, RungBook
from edgewarm.engine.remarks import Remark
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.standby import StandbyRung
from edgewarm.model.errors import Conflict, Forbidden, Unavailable
from edgewarm.model.identity import Key
from edgewarm.model.operations import CreateObject, DeleteObject, Operation, PatchObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.rungs import Place, RungCount, RungName
from edgewarm.model.workload import Pod
from support.builders import NOW, policy
from support.rungs import Recorder, asked, standing_policy, told, view
from support.warm import pod, standby

pytestmark = pytest.mark.unit


def delete(name: str) -> DeleteObject:
    found = standby(name)
    return DeleteObject("uid-web", "Pod", found.key, found.uid, "7", "a test")


@dataclass
class FakeRung:
    """Wants one unit, and remembers what was below it."""

    name: RungName
    operations: tuple[Operation, ...] = ()
    wanted: bool = True
    saw: list[tuple[RungCount, ...]] = field(default_factory=list)

    def is_wanted(self, policy: Policy) -> bool:
        return self.wanted

    def plan(self, situation: RungSituation) -> RungPlan:
        self.saw.append(situation.below)
        counts = (RungCount(Place(self.name), 1, 0, 0, 0, "Test"),) if self.wanted else ()
        return RungPlan(counts, self.operations)


IMAGE, STANDBY = RungName.IMAGE, RungName.STANDBY


def test_a_rung_sees_what_is_planned_below_it() -> None:
    low, high = FakeRung(IMAGE), FakeRung(STANDBY)
    plan = Ladder(Recorder(), (low, high)).plan(asked(view(())))
    assert low.saw == [()]
    assert [count.place.rung for count in high.saw[0]] == [IMAGE]
    assert [count.place.rung for count in plan.counts] == [IMAGE, STANDBY]


def test_a_ladder_that_is_not_in_order_is_refused() -> None:
    with pytest.raises(ValueError, match="must go up the ladder"):
        Ladder(Recorder(), (FakeRung(STANDBY), FakeRung(IMAGE)))


def test_a_rung_that_was_opted_out_of_is_planned_while_something_of_it_is_left() -> None:
    over, left = FakeRung(IMAGE, wanted=False), FakeRung(STANDBY, (delete("s1"),), wanted=False)
    plan = Ladder(Recorder(), (over, left)).plan(asked(view(())))
    assert [name for name, _ in plan.plans] == [STANDBY]


async def act(cluster: Recorder, ladder: Ladder, book: RungBook, situation: RungSituation | None = None) -> LadderPlan:
    situation = situation or asked(view(()))
    plan = ladder.plan(situation)
    await ladder.act(situation, plan, book)
    return plan


async def test_what_is_refused_stays_with_its_rung_and_is_tried_again_later() -> None:
    cluster = Recorder(problems={"s1": Forbidden("pods is forbidden")})
    ladder, book = (
        Ladder(cluster, (FakeRung(IMAGE, (delete("s1"), delete("s2"))), FakeRung(STANDBY, (delete("s3"),)))),
        RungBook(),
    )
    plan = await act(cluster, ladder, book)
    assert told(cluster.done) == ["delete s3"]  # s2 waits behind s1, the other rung does not
    remark = Remark("ImageFailed", True, "ActionFailed", "pods is forbidden")
    assert plan.remarks(book.trouble) == (remark,)
    assert book.retry_at == {IMAGE: NOW + 30}
    cluster.problems.clear()
    await act(cluster, ladder, book, asked(view(()), now=NOW + 29))
    assert told(cluster.done) == ["delete s3"] * 2  # nor does it wait for the time of the one that was refused
    await act(cluster, ladder, book, asked(view(()), now=NOW + 30))
    assert told(cluster.done)[2:] == ["delete s1", "delete s2", "delete s3"]
    assert (book.trouble, book.failures, book.retry_at, book.works) == ({}, {}, {}, {IMAGE, STANDBY})


async def test_the_trouble_of_a_rung_that_is_asked_for_no_more_is_told_no_more() -> None:
    cluster, book = Recorder(problems={"s1": Forbidden("exceeded quota")}), RungBook()
    await act(cluster, Ladder(cluster, (FakeRung(IMAGE, (delete("s1"),)),)), book)
    plan = await act(cluster, Ladder(cluster, (FakeRung(IMAGE, wanted=False), FakeRung(STANDBY))), book)
    assert plan.remarks(book.trouble) == ()


async def test_in_mode_observe_nothing_is_tried_so_nothing_is_in_trouble() -> None:
    cluster, book = Recorder(problems={"s1": Forbidden("exceeded quota")}), RungBook()
    ladder = Ladder(cluster, (FakeRung(STANDBY, (delete("s1"),)),))
    await act(cluster, ladder, book)
    plan = await act(cluster, ladder, book, asked(view((), wanted=standing_policy(mode=Mode.OBSERVE))))
    assert plan.remarks(book.trouble) == ()


async def test_what_gives_way_is_not_held_up_by_what_a_full_quota_refuses() -> None:
    made = CreateObject("uid-web", "Pod", "shop", {"metadata": {"name": "new"}}, "a test")
    cluster = Recorder(problems={"make": Forbidden("exceeded quota")})
    await act(cluster, Ladder(cluster, (FakeRung(IMAGE, (made, delete("s1"))),)), RungBook())
    assert told(cluster.done) == ["delete s1"]


async def test_a_resize_that_is_refused_keeps_nothing_from_being_made() -> None:
    resize = PatchObject("uid-web", "Pod", Key("shop", "s1"), "uid-s1", "7", {}, "a test", "resize")
    made = CreateObject("uid-web", "Pod", "shop", {"metadata": {"name": "new"}}, "a test")
    cluster, book = Recorder(problems={"s1": Forbidden("may not resize")}), RungBook()
    await act(cluster, Ladder(cluster, (FakeRung(STANDBY, (resize, made)),)), book)
    assert told(cluster.done) == ["make"]
    assert {rung: str(problem) for rung, problem in book.trouble.items()} == {STANDBY: "may not resize"}


async def test_a_server_that_is_away_is_asked_again_soon_then_later() -> None:
    cluster = Recorder(problems={"s1": Unavailable("no answer")})
    ladder, book = Ladder(cluster, (FakeRung(STANDBY, (delete("s1"),)),)), RungBook()
    delays = []
    for _ in range(3):
        now = book.retry_at.get(STANDBY, NOW)
        await act(cluster, ladder, book, asked(view(()), now=now))
        delays.append(book.retry_at[STANDBY] - now)
    assert delays == [5, 10, 20]


async def test_what_changed_under_us_is_looked_at_again_and_holds_nothing_up() -> None:
    cluster = Recorder(problems={"s1": Conflict("it changed")})
    ladder, book = Ladder(cluster, (FakeRung(STANDBY, (delete("s1"), delete("s2"))),)), RungBook()
    await act(cluster, ladder, book)
    assert told(cluster.done) == ["delete s2"]
    assert book.trouble == {}


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(asked(view((), wanted=standing_policy(mode=Mode.OBSERVE))), id="mode Observe"),
        pytest.param(asked(view((), unseen=frozenset({"uid-web"}))), id="the cache is older than our last write"),
    ],
)
async def test_nothing_is_done(situation: RungSituation) -> None:
    cluster = Recorder()
    await act(cluster, Ladder(cluster, (FakeRung(STANDBY, (delete("s1"),)),)), RungBook(), situation)
    assert cluster.done == []


def test_the_room_is_worked_out_from_the_view_and_once() -> None:
    ladder, rooms = Ladder(Recorder(), ()), []

    class Asking(FakeRung):
        def plan(self, situation: RungSituation) -> RungPlan:
            rooms.extend((situation.room, situation.room))
            return RungPlan()

    seen = view((pod("a"),))
    ladder = Ladder(Recorder(), (Asking(STANDBY),))
    ladder.plan(ladder.informed(asked(seen)))
    ladder.plan(ladder.informed(asked(seen)))
    ladder.plan(ladder.informed(asked(replace(seen))))
    assert rooms[0].free["node-1"].cpu_cores == 7.0
    assert len({id(one) for one in rooms[:4]}) == 1
    assert rooms[4] is not rooms[0]


def test_the_real_ladder_has_the_standby_rung() -> None:
    assert StandbyRung().is_wanted(standing_policy())
    assert not StandbyRung().is_wanted(policy())


@pytest.mark.parametrize(
    ("mode", "pods", "said"),
    [
        pytest.param(Mode.OBSERVE, (standby("s1"), standby("s2", deleting=True)), True, id="one is left"),
        pytest.param(Mode.OBSERVE, (), False, id="nothing is left"),
        pytest.param(Mode.ACT, (standby("s1"),), False, id="it is looked after"),
    ],
)
def test_mode_observe_says_what_it_leaves_alone_and_how_to_be_rid_of_it(
    mode: Mode, pods: tuple[Pod, ...], said: bool
) -> None:
    plan = Ladder(Recorder(), (StandbyRung(),)).plan(asked(view(pods, wanted=standing_policy(mode=mode))))
    found = [remark for remark in plan.remarks({}) if remark.kind == "WarmthLeft"]
    assert len(found) == said
    assert all("1 pods" in one.message and "-l edgewarm.io/rung,edgewarm.io/policy=web" in one.message for one in found)


def test_of_nodes_that_are_gone_nothing_is_remembered() -> None:
    there, gone = (Place(IMAGE, node) for node in ("there", "gone"))
    book, plan = RungBook(told={there: 1, gone: 1}), RungPlan((RungCount(there, 0, 1, 0, 1, "Test"),))
    book.remember(LadderPlan(((IMAGE, plan),)), NOW, 300.0)
    assert book.told == {there: 1}
