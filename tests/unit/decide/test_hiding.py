"""Nothing that counts or feeds a workload selects its standbys; all labels that nobody selects on stay."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgewarm.decide.hiding import HIDDEN, altered, exposure, feeding, hidden, selectors_of
from edgewarm.model.identity import Key
from edgewarm.model.workload import Requirement, Selector, Service

pytestmark = pytest.mark.unit
LABELS = {"app": "web", "tier": "front", "team": "shop", "pod-template-hash": "abc"}
EQUAL = Selector((("app", "web"),))


@pytest.mark.parametrize(
    ("selectors", "wanted"),
    [
        pytest.param([EQUAL], {"app": HIDDEN, "tier": "front", "team": "shop"}, id="an equality gets another value"),
        pytest.param(
            [EQUAL, Selector((("tier", "front"),))],
            {"app": HIDDEN, "tier": HIDDEN, "team": "shop"},
            id="so does that of every Service",
        ),
        pytest.param(
            [Selector((), (Requirement("app", "In", ("web", "shop")),))],
            {"app": HIDDEN, "tier": "front", "team": "shop"},
            id="a set is left too",
        ),
        pytest.param(
            [Selector((), (Requirement("app", "Exists"),))],
            {"tier": "front", "team": "shop"},
            id="a key that must exist goes",
        ),
        pytest.param(
            [EQUAL, Selector((), (Requirement("app", "Exists"),))],
            {"tier": "front", "team": "shop"},
            id="also where another selects its value",
        ),
        pytest.param(
            [Selector((), (Requirement("canary", "DoesNotExist"),))],
            {"app": "web", "tier": "front", "team": "shop", "canary": HIDDEN},
            id="a key that must not exist comes",
        ),
        pytest.param(
            [Selector((), (Requirement("tier", "NotIn", ("back", "test")),))],
            {"app": "web", "tier": "back", "team": "shop"},
            id="a forbidden value is taken",
        ),
        pytest.param(
            [Selector((("app", "web"),), (Requirement("canary", "DoesNotExist"),))],
            {"app": HIDDEN, "tier": "front", "team": "shop"},
            id="a negation beside an equality changes nothing more",
        ),
    ],
)
def test_a_standby_is_hidden_from(selectors: list[Selector], wanted: Mapping[str, str]) -> None:
    found = hidden(LABELS, selectors)
    assert found == wanted
    assert not any(selector.matches(found) for selector in selectors)
    assert not any(selector.matches({**found}) for selector in selectors)


def test_only_services_that_match_the_template_feed_it() -> None:
    web, other = Service(Key("shop", "web"), (("app", "web"),)), Service(Key("shop", "other"), (("app", "x"),))
    external = Service(Key("shop", "external"))  # a Service without a selector selects nothing, not everything
    assert feeding(LABELS, (web, other, external)) == (web,)
    assert selectors_of(EQUAL, (web,)) == (EQUAL, Selector((("app", "web"),)))


def test_what_selects_a_standby_all_the_same_is_named() -> None:
    catch_all = Service(Key("shop", "all"), (("team", "shop"),))
    labels = hidden(LABELS, [EQUAL])
    assert exposure(labels, EQUAL, ()) is None
    assert exposure(labels, EQUAL, (catch_all,)) == "Service all"  # added later
    assert exposure(LABELS, EQUAL, ()) == "the workload's own selector"


def test_altered_are_the_keys_that_differ_in_either_direction() -> None:
    assert altered({"a": "1", "b": "2"}, {"b": "2", "c": "3"}) == {"a", "c"}
