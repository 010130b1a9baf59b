"""The standby rung's plan: what stays, comes and goes, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.standby import HERE, StandbyRung
from edgewarm.model.identity import Key
from edgewarm.model.operations import DeleteObject, PatchObject
from edgewarm.model.rungs import ParkingTerms, Place, RungCount, RungName, Rungs, StandbyTerms
from edgewarm.model.template import PodTemplate
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Rollout, Service
from support.builders import NOW, judgement, policy
from support.rungs import asked, standing_policy, told, view
from support.warm import deployment, node, pod, standby, starting, template

pytestmark = pytest.mark.unit
RUNG = StandbyRung()
SERVING = (pod("a"), pod("b"))
LATE = Service(Key("shop", "late"), (("tier", "front"),))
PAUSED = standing_policy(paused_until=NOW + 60)


@pytest.mark.parametrize(
    ("seen", "reason", "wanted", "warm", "does"),
    [
        pytest.param(view(SERVING), "StandbyMinimum", 2, 0, ["make", "make"], id="none is there"),
        pytest.param(view((*SERVING, standby("s1"), starting("s2"))), "StandbyMinimum", 2, 1, [], id="two are there"),
        pytest.param(
            view((*SERVING, standby("s1")), wanted=policy()), "StandbyNotAsked", 0, 0, ["delete s1"], id="opted out"
        ),
        pytest.param(
            view((*SERVING, standby("s1")), target=deployment(Rollout("1", True))),
            "StandbyHeld",
            1,
            1,
            [],
            id="a rollout is under way",
        ),
        pytest.param(view((*SERVING, standby("s1")), wanted=PAUSED), "StandbyHeld", 1, 1, [], id="paused"),
        pytest.param(
            view((*SERVING, standby("s1")), services={}),
            "StandbyRefused",
            0,
            0,
            ["delete s1"],
            id="no Service",
        ),
        pytest.param(
            view((*SERVING, standby("s1", shape=9), standby("s2", shape=9))),
            "StandbyDiffers",
            1,
            0,
            ["delete s1"],
            id="admission makes them differ: one is kept to see",
        ),
        pytest.param(
            view((*SERVING, standby("s1"), standby("s2")), services={"shop": (*view(()).services["shop"], LATE)}),
            "StandbyMinimum",
            2,
            2,
            ["patch s1", "patch s2"],
            id="a Service came that selects them",
        ),
        pytest.param(
            view((*SERVING, pod("low", priority=-9)), nodes=(node(cpu=5.0),)),
            "StandbyRoom",
            1,
            0,
            ["make"],
            id="room for one and its twin, or a bystander would be pushed out",
        ),
        pytest.param(
            view((*SERVING, pod("low")), nodes=(node(cpu=5.0),)),
            "StandbyMinimum",
            2,
            0,
            ["make", "make"],
            id="two",
        ),
    ],
)
def test_a_plan(seen: ClusterView, reason: str, wanted: int, warm: int, does: list[str]) -> None:
    plan = RUNG.plan(asked(seen))
    (count,) = plan.counts
    assert (count.place, count.reason, count.wanted, count.warm) == (HERE, reason, wanted, warm)
    assert told(plan.operations) == does
    assert all(operation.owner == "uid-web" for operation in plan.operations)


@pytest.mark.parametrize(
    ("count", "does"),
    [
        pytest.param(RungCount(Place(RungName.DATA, "n"), 2, 1, 1, 2, "Forecast"), [], id="data is on its way"),
        pytest.param(
            RungCount(Place(RungName.DATA, "n"), 2, 1, 0, 1, "Forecast"), ["make", "make"], id="data is in trouble"
        ),
        pytest.param(RungCount(Place(RungName.IMAGE, "n"), 1, 0, 1, 1, "Forecast"), ["make", "make"], id="an image"),
    ],
)
def test_standbys_wait_for_data_that_is_on_its_way(count: RungCount, does: list[str]) -> None:
    assert told(RUNG.plan(replace(asked(view(SERVING)), below=(count,))).operations) == does


def test_a_policy_that_never_asked_is_not_bothered() -> None:
    plan = RUNG.plan(asked(view(SERVING, wanted=policy())))
    assert (plan.counts, plan.operations) == ((), ())


def test_of_what_a_person_approved_no_more_is_made() -> None:
    plan = RUNG.plan(asked(view(SERVING), granted={HERE: 1}))
    assert told(plan.operations) == ["make"]
    assert told(RUNG.plan(asked(view(SERVING), granted={})).operations) == []


def test_a_refused_template_says_what_to_change() -> None:
    host = replace(deployment(), template=template(hostNetwork=True))
    (remark,) = RUNG.plan(asked(view(SERVING, target=host))).remarks
    assert (remark.kind, remark.status, remark.reason) == ("StandbyRefused", True, "TemplateRefused")
    assert "hostNetwork" in remark.message


def test_a_service_that_selects_on_nothing_else_is_named() -> None:
    everything = replace(
        deployment(), template=PodTemplate(json.dumps({"metadata": {"labels": {"app": "web"}}}).encode())
    )
    mine = Service(Key("shop", "ours"), (("edgewarm.io/rung", "Standby"),))
    services = {"shop": (*view(()).services["shop"], mine)}
    (remark,) = RUNG.plan(asked(view(SERVING, target=everything, services=services))).remarks
    assert "Service ours selects a standby whatever its labels" in remark.message


def test_what_gives_way_has_a_second_and_what_is_surplus_its_own_time() -> None:
    full = asked(view((*SERVING, standby("s1"), standby("s2")), nodes=(node(cpu=4.0),)))
    (given,) = RUNG.plan(replace(full, yields=frozenset({Key("shop", "s1")}))).operations
    (surplus,) = RUNG.plan(asked(view((*SERVING, standby("s1")), wanted=policy()))).operations
    assert isinstance(given, DeleteObject)
    assert isinstance(surplus, DeleteObject)
    assert (given.grace_seconds, surplus.grace_seconds) == (1, None)
    assert (given.uid, given.resource_version) == ("uid-s1", "7")


def test_a_standby_that_a_new_service_selects_gets_another_value_of_that_label_only() -> None:
    seen = view((*SERVING, standby("s1"), standby("s2")), services={"shop": (*view(()).services["shop"], LATE)})
    patch = RUNG.plan(asked(seen)).operations[0]
    assert isinstance(patch, PatchObject)
    assert patch.body == {"metadata": {"labels": {"tier": "edgewarm-standby"}}}


@pytest.mark.parametrize(
    ("doubt", "wanted", "reason"),
    [
        pytest.param({"demand": None}, 3, "StandbyHeld", id="demand is unknown"),
        pytest.param({"demand": 90.0, "learning": True}, 3, "StandbyHeld", id="history is being read"),
        pytest.param({"demand": 90.0}, 2, "StandbyMinimum", id="known, and nothing is foreseen"),
    ],
)
def test_in_doubt_none_of_those_there_are_is_given_up(doubt: dict[str, Any], wanted: int, reason: str) -> None:
    seen = view((*SERVING, standby("s1"), standby("s2"), standby("s3")))
    judged = judgement(doubt["demand"], learning=doubt.get("learning", False), workload=deployment())
    plan = RUNG.plan(asked(seen, judged=judged))
    assert (plan.counts[0].wanted, plan.counts[0].reason) == (wanted, reason)
    assert plan.asked == ((HERE, 0),)


def test_what_was_asked_within_the_scale_down_window_is_kept() -> None:
    seen = view((*SERVING, standby("s1"), standby("s2"), standby("s3")))
    judged = judgement(90.0, workload=deployment())
    recent = asked(seen, judged=judged, asked_before={HERE: ((NOW - 299, 3),)})
    over = asked(seen, judged=judged, asked_before={HERE: ((NOW - 300, 3),)})
    assert RUNG.plan(recent).counts[0].wanted == 3
    assert RUNG.plan(over).counts[0].wanted == 2


@pytest.mark.parametrize(("parking", "does"), [(ParkingTerms(), []), (None, ["make", "make"])])
def test_none_is_started_cold_where_serving_pods_are_about_to_be_parked(
    parking: ParkingTerms | None, does: list[str]
) -> None:
    """Four replicas, two needed: the other two will be the standbys as soon as the fall is due."""
    wanted = replace(standing_policy(), rungs=Rungs(StandbyTerms(2), parking))
    four = tuple(pod(name) for name in "abcd")
    asking = asked(view(four, wanted=wanted))
    asking = replace(asking, verdict=replace(asking.verdict, wanted=2))
    assert told(RUNG.plan(asking).operations) == does
