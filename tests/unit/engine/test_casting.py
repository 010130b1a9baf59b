"""Who is rehearsed: whole policies only, their rows joined in pods, with the same result as a policy of that demand."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.engine.casting import Casting
from edgewarm.engine.rehearsal import Terms
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.demand import FloatArray
from edgewarm.model.identity import Key, Part, SeriesKey, Split

pytestmark = pytest.mark.unit

WEB, GPU = Key("shop", "web"), Key("shop", "gpu")
ALONE = Terms(50.0, 10.0, 120.0)
SHARED = Terms(1.0, 10.0, 120.0, shares=(("cpu", 0.5), ("memory", 2.0)))
STEPS = np.array([1, 2, 5, 10])
SIX_HOURS = 360


def foretold(demand: FloatArray) -> FleetForecast:
    """The same demand expected in every window and at every level."""
    values = np.broadcast_to(demand[:, None, None], (len(demand), 4, 3))
    return FleetForecast(0, (0.5, 0.9, 0.99), STEPS, STEPS, values, values, np.ones(len(demand), dtype=bool))


def played(rows: list[SeriesKey], terms: dict[Key, Terms], *demands: tuple[float, float]) -> Casting:
    """Three blocks in which every row has the first of its demands, and the second for a quarter of each hour."""
    casting = Casting(rows, terms, 60.0)
    now = [np.array(values) for values in zip(*demands, strict=True)]
    for step in range(3 * SIX_HOURS):
        casting.see(step, now[step % 60 >= 45], foretold(now[(step + 3) % 60 >= 45]))
    return casting


def test_the_largest_of_two_resources_is_rehearsed_as_one_demand_in_pods() -> None:
    """cpu .4 then 1.9 cores of .5 are .8 and 3.8 pods; memory never counts. So do 40 and 190 requests of 50."""
    joint = played(
        [SeriesKey(GPU, "cpu"), SeriesKey(GPU, "memory"), SeriesKey(WEB)],
        {GPU: SHARED, WEB: ALONE},
        (0.4, 1.9),
        (1.0, 1.0),
        (40.0, 190.0),
    ).blocks()
    assert joint.keys() == {GPU, WEB}
    assert [(b.start, b.gain, b.saved) for b in joint[GPU]] == [(b.start, b.gain, b.saved) for b in joint[WEB]]
    assert joint[WEB] == played([SeriesKey(WEB)], {WEB: ALONE}, (40.0, 190.0)).blocks()[WEB]
    assert len(joint[WEB]) >= 2


def test_a_policy_of_which_only_a_part_learns_is_not_rehearsed() -> None:
    casting = Casting([SeriesKey(GPU, "cpu"), SeriesKey(WEB)], {GPU: SHARED, WEB: ALONE}, 60.0)
    assert casting.policies == (WEB,)
    assert Casting([SeriesKey(GPU, "cpu")], {GPU: SHARED}, 60.0).blocks() == {}


def test_parts_of_a_demand_play_no_part() -> None:
    rows = [SeriesKey(WEB), SeriesKey(WEB, part=Part(Split.NODE, "edge-1"))]
    found = played(rows, {WEB: ALONE}, (40.0, 190.0), (9.0, 9.0)).blocks()
    assert found == played(rows[:1], {WEB: ALONE}, (40.0, 190.0)).blocks()


def test_a_policy_without_terms_is_not_rehearsed() -> None:
    assert Casting([SeriesKey(WEB)], {}, 60.0).policies == ()
