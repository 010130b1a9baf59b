"""A status goes out through the builder and comes back as the same scores and lead times."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.engine.book import Score
from edgewarm.engine.reports import lead_time, scores
from edgewarm.engine.resuming import blocks, lead_times, score
from edgewarm.learn.confidence import Block
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.promises import Promises
from edgewarm.learn.shortages import MissCause, Shortages
from edgewarm.manifests.policy_status import Confidence, PolicyReport, policy_status
from edgewarm.model.decision import Outcome
from edgewarm.model.objects import PolicyObject
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
