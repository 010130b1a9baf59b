"""What a standby is made of, and what makes it a serving pod."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.manifests.standby import StandbyDraft, promotion, relabelled, standby_pod
from edgewarm.model.identity import Key
from support.warm import pod, replica_set, standby, template

pytestmark = pytest.mark.unit
LABELS = {"app": "edgewarm-standby", "tier": "front"}
OURS = {"matchLabels": {"edgewarm.io/policy": "web", "edgewarm.io/rung": "Standby"}}
OWN = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
OTHERS = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}


def made(**spec: Any) -> dict[str, Any]:
    return standby_pod(StandbyDraft(Key("shop", "web"), "uid-web", replica_set(), template(**spec), LABELS))


def test_a_standby_is_the_template_with_other_labels_that_belongs_to_its_policy() -> None:
    found = made(priorityClassName="high", nodeSelector={"zone": "north"})
    meta = found["metadata"]
    mine = {"edgewarm.io/policy": "web", "edgewarm.io/rung": "Standby", "edgewarm.io/template-hash": "hash-1"}
    assert meta["labels"] == {**LABELS, **mine}
    assert meta["annotations"] == {"note": "theirs", "cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    assert (meta["generateName"], meta["namespace"]) == ("web-1-", "shop")
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("WarmingPolicy", "uid-web", True)
    assert "blockOwnerDeletion" not in owner  # it would need a right to finalizers
    assert found["spec"] == {
        "containers": [{"name": "app", "image": "web:1"}],
        "priorityClassName": "high",
        "nodeSelector": {"zone": "north"},
    }


def test_anti_affinity_of_the_pods_to_each_other_holds_between_standbys_too() -> None:
    preferred = {"weight": 5, "podAffinityTerm": OWN}
    names = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")
    found = made(affinity={"podAntiAffinity": {names[0]: [OWN, OTHERS], names[1]: [preferred]}})
    anti = found["spec"]["affinity"]["podAntiAffinity"]
    copied = {"labelSelector": OURS, "topologyKey": "kubernetes.io/hostname"}
    assert anti[names[0]] == [OWN, OTHERS, copied]
    assert anti[names[1]] == [preferred, {"weight": 5, "podAffinityTerm": copied}]


def test_a_spread_of_the_pods_is_a_spread_of_the_standbys() -> None:
    """The API server refuses two constraints over the same topology."""
    own = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": ["x"], **OWN}
    other = {**own, **OTHERS}
    (first, second) = made(topologySpreadConstraints=[own, other])["spec"]["topologySpreadConstraints"]
    assert first["labelSelector"] == OURS
    assert "matchLabelKeys" not in first
    assert second == other


def test_promotion_gives_it_the_template_and_takes_what_is_ours() -> None:
    found = standby("s", labels={**standby("s").labels, "mesh": "on"})  # added by admission: it stays
    assert promotion(found, template(), replica_set()) == {
        "metadata": {
            "labels": {
                "edgewarm.io/policy": None,
                "edgewarm.io/rung": None,
                "edgewarm.io/template-hash": None,
                "edgewarm.io/parked-at": None,
                "app": "web",
                "tier": "front",
                "pod-template-hash": "hash-1",
            },
            "annotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": None,
                "karpenter.sh/do-not-disrupt": None,
                "note": "theirs",
            },
            "ownerReferences": None,
        }
    }


def test_only_a_standby_can_be_promoted() -> None:
    with pytest.raises(ValueError, match="only a standby"):
        promotion(pod("a"), template(), replica_set())


def test_other_labels_are_a_patch_of_what_differs() -> None:
    found = relabelled(standby("s", labels={"a": "1", "b": "2", "c": "3"}), {"a": "1", "b": "4"})
    assert found == {"metadata": {"labels": {"b": "4", "c": None}}}
