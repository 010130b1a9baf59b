"""What users write: questions without an answer, modes, schedules, pauses, fallbacks, rivals for one target."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from controlplane.waiting import wait_until
from rig.kubectl import KubectlError
from rig.objects import condition, deployment, namespace, policy, rate_of
from rig.sites import LABEL
from rig.world import World

pytestmark = pytest.mark.e2e
LONG = 240.0
ZONE = "topology.kubernetes.io/zone"


@pytest.fixture(scope="module")
def place(here: World) -> str:
    """A namespace for this file."""
    here.kubectl.apply(namespace("shop"))
    return "shop"


def seen(here: World, name: str, kind: str = "Ready") -> Mapping[str, Any]:
    return {"status": "", "reason": "", **condition(here.kubectl.get("warmingpolicy", name, "shop"), kind)}


def count(here: World, name: str) -> int:
    return int(here.kubectl.get("deployment", name, "shop")["spec"]["replicas"])


@pytest.mark.parametrize(
    ("name", "query", "reason", "fragment"),
    [
        ("typo", "sum(rate(http_requests_total[1m])", "InvalidQuery", "parse error"),
        ("nothing", "sum(rate(no_such_metric_total[1m]))", "NoSeries", "no series"),
        ("many", "rate(http_requests_total[1m])", "ManySeries", "sum("),
        ("nan", "sum(rate(http_requests_total[1m])) * 0 / 0", "DemandNotANumber", "NaN"),
    ],
)
def test_a_question_without_an_answer_gets_its_own_message(
    here: World, place: str, name: str, query: str, reason: str, fragment: str
) -> None:
    here.kubectl.apply(deployment(place, name, 2, "1s"), policy(place, name, query, 50, mode="Act"))
    wait_until(f"{reason}", lambda: seen(here, name)["reason"] == reason, LONG, lambda: str(seen(here, name)))

    assert fragment in seen(here, name)["message"]
    assert "holding 2 replicas" in seen(here, name)["message"]
    assert count(here, name) == 2


def test_the_minimal_policy_is_ready_and_its_columns_show(here: World, place: str) -> None:
    here.kubectl.apply(deployment(place, "minimal", 3, "1s"), policy(place, "minimal", rate_of("steady"), 50))
    wait_until("the policy to be Ready", lambda: is_ready(here, place, "minimal"), LONG, here.operator.last_lines)

    header, row = here.kubectl.run("get", "wp", "minimal", "-n", place).splitlines()

    assert " ".join(header.split()) == "NAME MODE TARGET READY NEED FORECAST(P90@LEAD) LEAD STANDBY REASON AGE"
    assert row.split()[:5] == ["minimal", "Observe", "minimal", "True", "2"]
    described = here.kubectl.run("describe", "wp", "minimal", "-n", place)
    assert "scaling 3 -> " in described.splitlines()[-1] or "Forecasting" in described


def test_the_younger_of_two_policies_is_stalled_and_names_the_elder(here: World, place: str) -> None:
    here.kubectl.apply(deployment(place, "shared", 2, "1s"), policy(place, "shared", rate_of("steady"), 50))
    wait_until("the elder", lambda: seen(here, "shared")["status"] == "True", LONG)
    younger = policy(place, "younger", rate_of("steady"), 50)
    younger["spec"]["targetRef"]["name"] = "shared"
    here.kubectl.apply(younger)
    wait_until("the younger to be Stalled", lambda: seen(here, "younger", "Stalled")["status"] == "True", LONG)

    assert "shop/shared" in seen(here, "younger")["message"]
    assert seen(here, "shared")["status"] == "True"


def test_a_target_with_an_autoscaler_is_left_alone(here: World, place: str) -> None:
    rival = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "rival", "namespace": place},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rival"},
            "minReplicas": 1,
            "maxReplicas": 3,
        },
    }
    here.kubectl.apply(
        deployment(place, "rival", 1, "1s"), rival, policy(place, "rival", rate_of("steady"), 50, mode="Act")
    )
    wait_until("the condition", lambda: seen(here, "rival", "ScaledByOther")["status"] == "True", LONG)

    assert "HorizontalPodAutoscaler rival" in seen(here, "rival")["message"]
    assert count(here, "rival") == 1
    here.kubectl.run("delete", "hpa", "rival", "-n", place)
    wait_until("it to be ours afterwards", lambda: count(here, "rival") == 2, LONG)


def test_recommend_waits_for_approval_and_then_acts(here: World, place: str) -> None:
    here.kubectl.apply(
        deployment(place, "asked", 1, "1s"), policy(place, "asked", rate_of("steady"), 50, mode="Recommend")
    )
    selector = "edgewarm.io/policy=asked"
    wait_until("a decision", lambda: bool(here.kubectl.list("sd", place, selector)), LONG)
    decision = here.kubectl.list("sd", place, selector)[0]
    name = decision["metadata"]["name"]
    assert decision["spec"]["expiresAt"] > decision["spec"]["actions"][0]["executeAt"]
    wait_until("its phase", lambda: phase(here, name) == "AwaitingApproval", LONG)
    assert count(here, "asked") == 1

    may(here, place, "erin", "role", "patch-decisions", "--verb=get,patch", "--resource=scalingdecisions.edgewarm.io")
    with pytest.raises(KubectlError, match="needs the verb approve"):
        here.kubectl.patch("sd", name, place, {"spec": {"approval": "Approved"}}, user="erin")
    may(here, place, "ann", "clusterrole", "edgewarm-approve")
    may(here, place, "ann", "clusterrole", "view")
    here.kubectl.patch("sd", name, place, {"spec": {"approval": "Approved"}}, user="ann")
    wait_until("the approved change", lambda: count(here, "asked") == decision["spec"]["actions"][0]["to"], LONG)

    wait_until("Executed", lambda: phase(here, name) == "Executed", LONG)
    with pytest.raises(KubectlError, match="approval is given once"):
        here.kubectl.patch("sd", name, place, {"spec": {"approval": "Denied"}})


def test_a_pool_asks_for_approval_of_what_only_the_forecast_wants(here: World, place: str) -> None:
    pool = {
        "apiVersion": "edgewarm.io/v1alpha1",
        "kind": "EdgeNodePool",
        "metadata": {"name": "tended"},
        "spec": {"selector": {"matchLabels": {"edge": "tended"}}, "approval": {"strategies": ["Hybrid"]}},
    }
    tended = policy(place, "tended", rate_of("generated"), 20, mode="Act", poolRef={"name": "tended"})
    tended["spec"] |= {"objective": {"kappa": "30"}, "forecast": {"confidenceThreshold": "0"}}
    here.kubectl.apply(pool, deployment(place, "tended", 12, "1s"), tended)
    seen_waiting: list[Mapping[str, Any]] = []  # demand moves, so it may be superseded a moment later

    def rise_waits() -> bool:
        seen_waiting.extend(waiting(here, "tended"))
        return bool(seen_waiting)

    wait_until("a rise to wait", rise_waits, LONG, here.operator.last_lines)

    decision = seen_waiting[0]["spec"]
    assert decision["approvalReasons"] == ["its strategy is Hybrid"]
    assert decision["actions"][0]["from"] >= 400 / 20  # what demand asks for was not held up

    wait_until("an approved rise to be done", lambda: approved_and_done(here, "tended"), LONG, here.operator.last_lines)


def is_ready(here: World, place: str, name: str) -> bool:
    return condition(here.kubectl.get("wp", name, place), "Ready").get("status") == "True"


def waiting(here: World, name: str) -> list[Mapping[str, Any]]:
    found = here.kubectl.list("sd", "shop", f"edgewarm.io/policy={name}")
    return [d for d in found if d.get("status", {}).get("phase") == "AwaitingApproval" and "approval" not in d["spec"]]


def approved_and_done(here: World, name: str) -> bool:
    """Approve whatever waits: demand moves, so a proposal may be superseded before it is carried out."""
    for decision in waiting(here, name):
        here.kubectl.patch("sd", decision["metadata"]["name"], "shop", {"spec": {"approval": "Approved"}})
    found = here.kubectl.list("sd", "shop", f"edgewarm.io/policy={name}")
    return any(d["spec"].get("approval") and d.get("status", {}).get("phase") == "Executed" for d in found)


def may(here: World, place: str, user: str, kind: str, role: str, *rules: str) -> None:
    """Bind a role to a user in this namespace; with rules, the role is made first."""
    if rules:
        here.kubectl.run("create", kind, role, "-n", place, *rules)
    here.kubectl.run("create", "rolebinding", f"{user}-{role}", "-n", place, f"--{kind}={role}", f"--user={user}")


def phase(here: World, name: str) -> str:
    return str(here.kubectl.get("sd", name, "shop").get("status", {}).get("phase", ""))


def last_change(here: World, name: str) -> tuple[str, int, int]:
    """Reason, from and to of the newest decision; it is written before the pods that it asks for."""
    newest = max(
        here.kubectl.list("sd", "shop", f"edgewarm.io/policy={name}"), key=lambda d: str(d["metadata"]["name"])
    )["spec"]
    return newest["reason"], newest["actions"][0]["from"], newest["actions"][0]["to"]


def test_an_open_schedule_sets_the_minimum(here: World, place: str) -> None:
    now = dt.datetime.now(dt.UTC)
    start, end = now - dt.timedelta(minutes=5), now + dt.timedelta(hours=1)
    window = {
        "name": "rush",
        "start": f"{start.minute} {start.hour} * * *",
        "end": f"{end.minute} {end.hour} * * *",
        "min": 6,
    }
    here.kubectl.apply(
        deployment(place, "timed", 2, "1s"),
        policy(place, "timed", rate_of("steady"), 50, mode="Act", schedules=[window]),
    )
    wait_until("six replicas", lambda: count(here, "timed") == 6, LONG, here.operator.last_lines)

    assert last_change(here, "timed") == ("ScheduleMinimum", 2, 6)
    wait_until("its reason", lambda: reason(here, "timed") == "ScheduleMinimum", LONG, lambda: reason(here, "timed"))


def test_a_paused_policy_changes_nothing_until_the_annotation_goes(here: World, place: str) -> None:
    paused = policy(place, "paused", rate_of("steady"), 50, mode="Act")
    paused["metadata"]["annotations"] = {"edgewarm.io/paused-until": "2099-01-01T00:00:00Z"}
    here.kubectl.apply(deployment(place, "paused", 1, "1s"), paused)
    wait_until("the reason", lambda: reason(here, "paused") == "Paused", LONG)
    assert count(here, "paused") == 1

    here.kubectl.run("annotate", "wp", "paused", "-n", place, "edgewarm.io/paused-until-")
    wait_until("the change", lambda: count(here, "paused") == 2, LONG)


def reason(here: World, name: str) -> str:
    return str(here.kubectl.get("wp", name, "shop").get("status", {}).get("reason", ""))


def test_fallback_works_at_zero_replicas(here: World, place: str) -> None:
    here.kubectl.apply(
        deployment(place, "fallen", 0, "1s"),
        policy(
            place,
            "fallen",
            "sum(rate(no_such_metric_total[1m]))",
            50,
            mode="Act",
            scaling={"minReplicas": 0},
            fallback={"replicas": 3, "after": "15s"},
        ),
    )
    wait_until("the fallback", lambda: count(here, "fallen") == 3, LONG, here.operator.last_lines)

    assert last_change(here, "fallen") == ("Fallback", 0, 3)
    # decision and pods come first, the status that tells of them after
    wait_until("its reason", lambda: reason(here, "fallen") == "Fallback", LONG, lambda: reason(here, "fallen"))


def test_a_template_picks_its_series_by_labels(here: World, place: str) -> None:
    templated = policy(place, "templated", "", 50, mode="Act")
    arguments = [{"name": "app", "value": "steady"}]
    templated["spec"]["demand"] = {
        "template": {"name": "http-requests", "arguments": arguments},
        "capacityPerPod": "50",
    }
    here.kubectl.apply(deployment(place, "templated", 1, "1s"), templated)

    wait_until("two replicas", lambda: count(here, "templated") == 2, LONG, here.operator.last_lines)

    # 90 requests/s of this app alone, 50 a pod; the other apps' series would ask for many more
    wait_until("its status", lambda: "need" in here.kubectl.get("wp", "templated", place)["status"], LONG)
    assert here.kubectl.get("wp", "templated", place)["status"]["need"] == 2


def test_a_pool_selects_nodes_and_reports_their_use(here: World, place: str) -> None:
    def pool(name: str, label: str) -> dict[str, Any]:
        others = [{"key": key, "operator": "DoesNotExist"} for key in (ZONE, LABEL)]  # nodes of other pools
        spec = {"selector": {"matchLabels": {"type": label}, "matchExpressions": others}}
        return {"apiVersion": "edgewarm.io/v1alpha1", "kind": "EdgeNodePool", "metadata": {"name": name}, "spec": spec}

    here.kubectl.apply(pool("simulated", "kwok"), pool("nowhere", "no-such-type"))
    here.kubectl.run("wait", "enp", "simulated", "--for=condition=Ready", f"--timeout={LONG:.0f}s")
    nodes = len(here.kubectl.run("get", "nodes", "-l", f"type=kwok,!{ZONE},!{LABEL}", "-o", "name").split())

    status = here.kubectl.get("enp", "simulated")["status"]
    assert status["nodes"] == status["readyNodes"] == nodes
    assert status["requested"]["pods"] >= 1
    assert status["utilization"].endswith("%")
    wait_until("the empty one to say so", lambda: empty_reason(here) == "NoNodes", LONG)
    here.kubectl.run("delete", "enp", "simulated", "nowhere")


def empty_reason(here: World) -> str:
    return str(condition(here.kubectl.get("enp", "nowhere"), "Ready").get("reason", ""))
