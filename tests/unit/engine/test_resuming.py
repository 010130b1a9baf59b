"""A status goes out through the builder and comes back as the same scores and lead times."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.engine.book import Score
from edgewarm.engine.reports import lead_time, scores
from edgewarm.engine.resuming import blocks, lead_times, score
from edgewarm.engine.stage_leads import MOST_NODES, stage_leads, stage_times
from edgewarm.learn.confidence import Block
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.promises import Promises
from edgewarm.learn.shortages import MissCause, Shortages
from edgewarm.learn.stage_times import StageTimes
from edgewarm.manifests.policy_status import Confidence, PolicyReport, policy_status
from edgewarm.model.decision import Outcome
from edgewarm.model.objects import PolicyObject
from edgewarm.model.stages import Stage
from support.builders import NOW, book, policy, policy_object

pytestmark = pytest.mark.unit

TALLY = Tally(raised=400, used=300, short=25, idle=900, promised=310, shadow_short=120, shadow_idle=500, minutes=600)
LIVED = Score(
    NOW,
    True,
    TALLY,
    ((Outcome.HIT, 7), (Outcome.FALSE_POSITIVE, 2), (Outcome.NEUTRAL, 5)),
    Shortages(3, MissCause.BOUND),
    Promises((), 200, 184),
)


def restarted(kept: Score, lead: LeadTimes | None = None) -> PolicyObject:
    """The policy as the next life of the operator finds it."""
    asked = policy()
    found = book(score=kept, lead=lead or LeadTimes())
    report = PolicyReport(1, (), lead_time=lead_time(found, asked), scores=scores(kept, asked.kappa))
    return policy_object(status=policy_status(report))


def test_scores_survive_a_restart() -> None:
    found = score(restarted(LIVED), NOW + 99, True)
    assert (found.since, found.simulated, found.shortages.episodes) == (NOW, True, 3)
    assert (found.count(Outcome.HIT), found.count(Outcome.FALSE_POSITIVE)) == (7, 2)
    assert (found.promises.checked, found.promises.held) == (200, 184)  # 92 % of 200
    assert (found.tally.precision, found.tally.recall) == (TALLY.precision, TALLY.recall)
    assert found.tally.kept_promise == TALLY.kept_promise
    assert found.tally.saving(10.0) == pytest.approx(TALLY.saving(10.0))  # 1 - (250 + 900) / (1200 + 500)


def test_a_second_restart_changes_nothing() -> None:
    once = score(restarted(LIVED), NOW, True)
    assert score(restarted(once), NOW, True) == once


@pytest.mark.parametrize(
    ("status", "simulated"),
    [
        pytest.param({}, True, id="no status"),
        pytest.param({"scores": None}, True, id="no scores"),
        pytest.param(
            {"scores": {"simulated": False, "since": "2026-01-01T00:00:00Z", "hits": 3}}, True, id="real ones"
        ),
        pytest.param(
            {"scores": {"simulated": True, "since": "2026-01-01T00:00:00Z", "hits": 3}}, False, id="simulated"
        ),
        pytest.param({"scores": {"simulated": True, "hits": 3}}, True, id="nobody knows since when"),
    ],
)
def test_scores_of_another_kind_begin_anew(status: dict[str, Any], simulated: bool) -> None:
    assert score(policy_object(status=status), NOW, simulated) == Score(NOW, simulated)


def test_a_measured_lead_time_survives_a_restart() -> None:
    measured = LeadTimes((20.2, 61.7), 41)
    found = lead_times(restarted(LIVED, measured))
    assert (found.restored, found.starts) == ((62.0, 62.0), 41)  # of two, both quantiles are the longer
    assert found.quantile(0.9) == 62.0
    assert lead_times(restarted(LIVED, found)) == found


def test_a_default_lead_time_is_not_mistaken_for_a_measured_one() -> None:
    assert lead_times(restarted(LIVED)) == LeadTimes()
    assert lead_times(policy_object()) == LeadTimes()


def test_a_status_that_somebody_edited_stops_nobody() -> None:
    edited = {"scores": {"simulated": True, "since": "2026-01-01T00:00:00Z", "raisedPodMinutes": "1k"}}
    assert score(policy_object(status=edited), NOW, True).tally.raised == 1000.0


def test_the_evidence_of_an_earlier_life_goes_on() -> None:
    live, rehearsed = Block(1000.0, 0.25, 12.5), Block(2000.0, -0.5, -3.0, backtest=True)
    saved = policy_status(PolicyReport(1, (), confidence=Confidence(0.8, 0.7, (live, rehearsed))))
    assert blocks(policy_object(status=saved)) == (live, rehearsed)
    assert blocks(policy_object(status={})) == ()


def measured_stages(nodes: int) -> StageTimes:
    """Three starts on each node, of which the one with number n pulls for n x 10 s; all find the data there."""
    found = StageTimes()
    for number in range(nodes):
        for _ in range(3):
            found = found.add(f"n{number:02}", {Stage.IMAGE: 10.0 * number, Stage.DATA: 0.0, Stage.READY: 5.0})
    return found


def test_stages_and_the_nodes_that_differ_most_survive_a_restart() -> None:
    lived = measured_stages(12)  # n00 pulls for 0 s: that is warm
    leads = stage_leads(lived)
    image = leads[0]
    assert (image.stage, image.starts, image.warm_starts) == (Stage.IMAGE, 33, 3)
    # of 33: index ceil(.9 x 32) = 29, so 100 s; n10 is nearest to it, and one of eleven is left out
    assert (image.p90_seconds, len(image.nodes)) == (100.0, MOST_NODES)
    assert [node.name for node in image.nodes] == [f"n{number:02}" for number in range(1, 12) if number != 10]
    saved = policy_status(PolicyReport(1, (), stage_leads=leads))
    found = stage_times(policy_object(status=saved))
    assert stage_leads(found) == leads
    assert found.quantile(Stage.IMAGE, 0.9, node="n03") == 30.0
    assert found.quantile(Stage.IMAGE, 0.9, node="n10") == 100.0  # left out, so as all


def test_nothing_measured_is_nothing_told() -> None:
    assert stage_times(policy_object()) == StageTimes()
    assert "leadTimes" not in policy_status(PolicyReport(1, (), stage_leads=stage_leads(StageTimes())))
