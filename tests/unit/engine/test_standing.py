"""Where a policy stands: the order of the checks, each with its sentence, and conditions that obey kstatus."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.engine.models import ModelState
from edgewarm.engine.standing import CHECKS, Surroundings, conditions, elders, standing
from edgewarm.model.demand import Missing, MissingKind
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import Rungs, StandbyTerms
from edgewarm.model.workload import Autoscaler
from support.builders import BLIND, KEY, NOW, TARGET, policy, policy_object, reading, workload

pytestmark = pytest.mark.unit

HPA = Autoscaler("HorizontalPodAutoscaler", Key("shop", "web-hpa"), TARGET)
WELL = Surroundings(policy_object(), None, workload(), None, reading(90.0), False, None)
WRONG_SPEC = policy_object(policy=None, problem="spec.mode must be Act")
WRONG_QUERY = Missing(MissingKind.INVALID_QUERY, "parse error at char 3")
UNKNOWN = ModelState("prophet", False, "ModelNotFound", "there is no plug-in prophet", wrong=True)
SERVING = ModelState("ARIMA", True, "Forecasting", "model ARIMA forecasts")
FAILED = ModelState("ARIMA", False, "FitFailed", "model ARIMA could not be fitted")
EVERYTHING_WRONG = Surroundings(
    WRONG_SPEC, policy_object("elder"), None, HPA, BLIND, True, "scale refused", True, pool_refuses=True, model=UNKNOWN
)
DEMAND, ELDER = EVERYTHING_WRONG.reading, EVERYTHING_WRONG.elder


def around(**overrides: object) -> Surroundings:
    return replace(WELL, **overrides)  # type: ignore[arg-type]


def test_the_order_of_the_checks() -> None:
    names = [check.__name__ for check in CHECKS]
    assert names == [
        "_spec",
        "_elder",
        "_target",
        "_pool",
        "_allowed",
        "_autoscaler",
        "_demand",
        "_model",
        "_trouble",
        "_learning",
    ]


def test_curing_one_thing_after_the_other_walks_down_the_order() -> None:
    cures = (
        ("item", policy_object()),
        ("elder", None),
        ("workload", workload()),
        ("pool_unknown", False),
        ("pool_refuses", False),
        ("autoscaler", None),
        ("reading", reading(90.0)),
        ("model", None),
        ("trouble", None),
        ("learning", False),
    )
    state, reasons = EVERYTHING_WRONG, []
    for name, cure in cures:
        reasons.append(standing(state).reason)
        state = replace(state, **{name: cure})  # type: ignore[arg-type]
    assert [*reasons, standing(state).reason] == [
        "InvalidSpec",
        "TargetAlreadyManaged",
        "TargetNotFound",
        "PoolNotFound",
        "NamespaceNotAllowed",
        "ScaledByOther",
        "NoSeries",
        "ModelNotFound",
        "ActionFailed",
        "LearningHistory",
        "Forecasting",
    ]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param(around(item=WRONG_SPEC), "spec.mode must be Act", id="wrong spec"),
        pytest.param(
            around(elder=policy_object("elder")),
            "Deployment web is already warmed by the older policy shop/elder: "
            "delete one of the two, or change targetRef.name",
            id="the younger of two",
        ),
        pytest.param(
            around(workload=None),
            "Deployment web does not exist in namespace shop: create it, or correct targetRef.name",
            id="no target",
        ),
        pytest.param(
            around(item=policy_object(policy=policy(pool="north")), pool_refuses=True),
            "EdgeNodePool north is not for namespace shop: have its administrator extend spec.allowedNamespaces or "
            "label the namespace, or change poolRef.name",
            id="a pool for others",
        ),
        pytest.param(
            around(autoscaler=HPA),
            "Deployment web is scaled by HorizontalPodAutoscaler web-hpa, so it is left alone: "
            "delete that HorizontalPodAutoscaler, use mode Observe, or add rungs, which are held below "
            "whatever scales it",
            id="another autoscaler",
        ),
        pytest.param(around(reading=BLIND), "the query matches nothing (holding 4 replicas)", id="no demand"),
        pytest.param(around(model=UNKNOWN), "there is no plug-in prophet", id="a model that is not there"),
        pytest.param(around(trouble="scale refused"), "scale refused", id="an action failed"),
        pytest.param(
            around(learning=True),
            "history is being read and learned; until then the reactive floor decides",
            id="learning",
        ),
        pytest.param(WELL, "demand is read, forecast and decided on", id="all is well"),
    ],
)
def test_each_sentence_says_what_is_wrong_and_what_to_change(state: Surroundings, message: str) -> None:
    assert standing(state).message == message


@pytest.mark.parametrize(
    ("state", "ready", "decides", "kinds"),
    [
        pytest.param(WELL, True, True, ["Ready"], id="well: Ready alone"),
        pytest.param(around(item=WRONG_SPEC), False, False, ["Ready", "Stalled"], id="a person must correct the spec"),
        pytest.param(around(elder=ELDER), False, False, ["Ready", "Stalled"], id="a person must choose one of two"),
        pytest.param(around(workload=None), False, False, ["Ready", "Reconciling"], id="the target may come"),
        pytest.param(
            around(autoscaler=HPA),
            False,
            False,
            ["Ready", "Stalled", "ScaledByOther"],
            id="a person must choose a scaler",
        ),
        pytest.param(around(reading=DEMAND), False, True, ["Ready", "Reconciling"], id="demand may come back"),
        pytest.param(around(reading=WRONG_QUERY), False, True, ["Ready", "Stalled"], id="a query must be corrected"),
        pytest.param(
            around(trouble="no", autoscaler=HPA, item=policy_object(policy=policy(rungs=Rungs(StandbyTerms())))),
            True,
            True,
            ["Ready", "ScaledByOther"],
            id="what failed is another's now",
        ),
        pytest.param(around(trouble="no"), False, True, ["Ready", "Reconciling"], id="it is tried again"),
        pytest.param(around(learning=True), False, True, ["Ready", "Reconciling"], id="it is learned soon"),
    ],
)
def test_conditions_obey_kstatus(state: Surroundings, ready: bool, decides: bool, kinds: list[str]) -> None:
    found = standing(state)
    shown = conditions(found, state, NOW)
    assert (found.ready, found.decides) == (ready, decides)
    assert [condition.kind for condition in shown] == kinds
    assert [condition.status for condition in shown] == ["True" if ready else "False", *["True"] * (len(kinds) - 1)]
    assert {(c.since, c.generation) for c in shown} == {(NOW, 3)}


@pytest.mark.parametrize("kind", MissingKind)
def test_every_kind_of_nothing_has_its_own_reason_and_still_decides(kind: MissingKind) -> None:
    found = standing(around(reading=Missing(kind, "why")))
    assert (found.reason, found.decides) == (kind.value, True)
    assert found.stalled != found.waiting


def test_in_observe_another_autoscaler_is_named_but_in_nobodys_way() -> None:
    state = around(item=policy_object(policy=policy(mode=Mode.OBSERVE)), autoscaler=HPA)
    assert standing(state).ready
    assert [(c.kind, c.reason) for c in conditions(standing(state), state, NOW)] == [
        ("Ready", "Forecasting"),
        ("ScaledByOther", "HorizontalPodAutoscaler"),
    ]


@pytest.mark.parametrize(("model", "status"), [(SERVING, "True"), (FAILED, "False")])
def test_a_chosen_model_has_a_condition_and_its_trouble_blocks_nothing(model: ModelState, status: str) -> None:
    state = around(model=model)
    assert standing(state).ready
    ready, chosen = conditions(standing(state), state, NOW)
    assert (ready.kind, ready.reason) == ("Ready", "Forecasting")
    assert (chosen.kind, chosen.status, chosen.reason) == ("SelectedModel", status, model.reason)


anything = st.builds(
    Surroundings,
    st.sampled_from([WELL.item, WRONG_SPEC]),
    st.sampled_from([None, ELDER]),
    st.sampled_from([None, workload()]),
    st.sampled_from([None, HPA]),
    st.sampled_from([None, BLIND, WRONG_QUERY, reading(1.0)]),
    st.booleans(),
    st.sampled_from([None, "trouble"]),
    st.booleans(),
    st.sampled_from([None, UNKNOWN, SERVING, FAILED]),
)


@given(anything)
def test_ready_is_always_there_and_never_with_stalled_or_reconciling(state: Surroundings) -> None:
    shown = {condition.kind: condition.status for condition in conditions(standing(state), state, NOW)}
    blocked = {"Stalled", "Reconciling"} & set(shown)
    assert len(blocked) == (0 if shown["Ready"] == "True" else 1)
    assert all(shown[kind] == "True" for kind in blocked)


def named(name: str, created_at: float, namespace: str = "shop", target: TargetRef = TARGET) -> tuple[Key, object]:
    key = Key(namespace, name)
    return key, policy_object(name, key=key, created_at=created_at, policy=policy(target=target))


@pytest.mark.parametrize(
    ("items", "younger"),
    [
        pytest.param([named("a", 2.0), named("b", 1.0)], {"a": "b"}, id="the earlier creation is the elder"),
        pytest.param([named("b", 1.0), named("a", 1.0)], {"b": "a"}, id="ties go by name"),
        pytest.param(
            [named("a", 3.0), named("b", 2.0), named("c", 1.0)], {"a": "c", "b": "c"}, id="all name the one eldest"
        ),
        pytest.param([named("a", 1.0), named("b", 2.0, "other")], {}, id="another namespace is another target"),
        pytest.param(
            [named("a", 1.0), named("b", 2.0, target=TargetRef("apps/v1", "StatefulSet", "web"))], {}, id="another kind"
        ),
    ],
)
def test_the_younger_policy_names_the_elder(items: list[tuple[Key, object]], younger: dict[str, str]) -> None:
    found = elders(dict(items))  # type: ignore[arg-type]
    assert {key.name: elder.key.name for key, elder in found.items()} == younger


def test_a_policy_that_cannot_be_read_claims_nothing() -> None:
    broken = policy_object("old", created_at=0.0, policy=None)
    assert elders({broken.key: broken, KEY: policy_object()}) == {}
