"""An item is for requests of a kind: it is worth staging while enough of *these* are likely, by its own threshold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgewarm.engine.expected import is_asked
from edgewarm.engine.foresight import Foresight
from edgewarm.engine.parts import OTHER
from edgewarm.model.identity import Part, Split
from edgewarm.model.quantiles import Quantiles
from support.rungs import asked, view

pytestmark = pytest.mark.unit

LEVELS = (0.5, 0.7, 0.9)
RARE, SURE, NEVER = (Quantiles(LEVELS, values) for values in ((0.0, 0.0, 50.0), (9.0, 20.0, 30.0), (0.0, 0.0, 0.0)))
TYPES = {"rare": RARE, "sure": SURE, "never": NEVER}
CATEGORIES = {"street": SURE, OTHER: RARE}


def told(split: Split, seconds: float) -> Mapping[str, Quantiles]:
    assert seconds == 600.0
    return {Split.REQUEST_TYPE: TYPES, Split.DATA_CATEGORY: CATEGORIES}[split]


def type_(value: str) -> Part:
    return Part(Split.REQUEST_TYPE, value)


def category(value: str) -> Part:
    return Part(Split.DATA_CATEGORY, value)


@pytest.mark.parametrize(
    ("kinds", "threshold", "wanted"),
    [
        pytest.param((), 0.99, True, id="of no kind: it is for all"),
        pytest.param((type_("sure"),), 0.2, True, id="P(a pod for it) = 1"),
        pytest.param((type_("rare"),), 0.2, True, id="P = 0.3 is above 0.2"),
        pytest.param((type_("rare"),), 0.4, False, id="P = 0.3 is not above 0.4"),
        pytest.param((type_("never"),), 0.11, False, id="P = 0"),
        pytest.param((type_("unheard"),), 0.11, False, id="a type that nobody has asked for"),
        pytest.param((category("river"),), 0.2, True, id="pooled with others: P = 0.3 of all of them"),
        pytest.param((category("river"),), 0.4, False, id="pooled with others, below its threshold"),
        pytest.param((type_("sure"), category("river")), 0.4, False, id="one of two kinds is not likely enough"),
        pytest.param((type_("rare"), category("street")), 0.2, True, id="both kinds are likely enough"),
    ],
)
def test_its_own_threshold_is_that_of_each_of_its_kinds(
    kinds: tuple[Part, ...], threshold: float, wanted: bool
) -> None:
    situation = asked(view([]), foresight=Foresight(by=told, per_pod=10.0))
    assert is_asked(situation, kinds, 1 - threshold, 600.0) is wanted
