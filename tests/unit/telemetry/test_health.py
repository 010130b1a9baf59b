"""The health table, line by line."""

from __future__ import annotations

import pytest

from edgewarm.telemetry.health import Health

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("beats", "now", "ok", "words"),
    [
        ([], 1000, True, "starting"),
        ([], 1300, True, "starting"),
        ([], 1301, False, "no pass since the start 301 s ago, limit 300 s"),
        ([1100], 1160, True, "ok"),
        ([1100], 1161, False, "the loop stalls: last pass 61 s ago, limit 60 s"),
        ([1010], 1080, False, "the loop stalls"),  # the grace is for the start only
        ([1010, 1070], 1080, True, "ok"),
    ],
)
def test_the_loop_is_alive_while_it_beats(beats, now, ok, words):
    health = Health(started_at=1000)
    for beat in beats:
        health.beat(beat)
    verdict = health.alive(now)
    assert verdict.ok is ok
    assert words in verdict.sentence


def test_ready_once_the_cluster_is_known():
    health = Health(started_at=0)
    answers = [health.ready().ok]
    health.synced()
    answers.append(health.ready().ok)
    health.unsynced()
    answers.append(health.ready().ok)
    assert answers == [False, True, False]
