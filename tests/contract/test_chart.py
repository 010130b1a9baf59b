"""The chart: what it renders, what it refuses, and that both agree with the code it is for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main
import yaml

from edgewarm.cli.main import cli
from edgewarm.cluster import resources
from edgewarm.cluster.resources import Resource
from edgewarm.engine.resting import RESIZE
from edgewarm.sources import fetchers, settings, terms
from edgewarm.sources.settings import parse_sources
from support.chart import (
    CHART,
    EVERYTHING,
    ROOT,
    Manifest,
    Right,
    default_values,
    leaves,
    of_kind,
    on,
    render,
    rights,
    run_helm,
)

pytestmark = pytest.mark.contract


def schema() -> Manifest:
    loaded: Manifest = json.loads((CHART / "values.schema.json").read_text())
    return loaded


def schemas_below(node: Manifest, path: str = "") -> Iterator[tuple[str, Manifest]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from schemas_below(child, f"{path}.{name}")
    if "items" in node:
        yield from schemas_below(node["items"], f"{path}[]")


def test_versions_agree_with_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]
    assert chart["kubeVersion"] == ">=1.31.0-0"


def test_the_chart_carries_the_generated_crds() -> None:
    wanted = {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    assert len(wanted) == 3
    assert {path.name: path.read_text() for path in (CHART / "crds").iterdir()} == wanted


def test_every_value_is_commented_in_the_schema_and_in_the_readme() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r" *[a-zA-Z]+:", line)]
    assert [lines[number] for number in keys if not lines[number - 1].lstrip().startswith("# ")] == []
    known = {path.lstrip(".") for path, _ in schemas_below(schema())}
    described = set(re.findall(r"^\| `([^`]+)` \| `", (CHART / "README.md").read_text(), re.MULTILINE))
    paths = {path for path, _ in leaves(default_values())}
    free = {"resources.requests.cpu", "resources.requests.memory", "resources.limits.memory"}  # names of resources
    assert paths - known == free
    assert described == paths


def test_the_readme_tells_the_defaults() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", (CHART / "README.md").read_text(), re.MULTILINE)
    assert {path: yaml.safe_load(default) for path, default in rows} == dict(leaves(default_values()))


def test_the_schema_refuses_what_it_does_not_know() -> None:
    """What has no properties is Kubernetes' own, or a map of names that are the user's."""
    objects = [(path, node) for path, node in schemas_below(schema()) if "properties" in node]
    assert [path for path, node in objects if node["additionalProperties"] is not False] == []
    named = [(path, node) for path, node in schemas_below(schema()) if path and not path.endswith("[]")]
    assert [path for path, node in named if not node.get("description", "").endswith(".")] == []


@pytest.mark.parametrize(
    ("path", "wire"),
    [
        (".sources[]", settings._Source),
        (".sources[].headers[]", settings._Header),
        (".sources[].templates[]", settings._Template),
        (".plugins[]", settings._Plugin),
        (".plugins[].headers[]", settings._Header),
        (".fetchers[]", fetchers.WireFetcher),
        (".prices", terms.WirePrices),
        (".approval", terms.WireApproval),
    ],
    ids=["source", "header", "template", "plugin", "plugin's header", "fetcher", "prices", "approval"],
)
def test_the_schema_knows_the_fields_of_the_sources_file(path: str, wire: type[msgspec.Struct]) -> None:
    node = dict(schemas_below(schema()))[path]
    fields = msgspec.structs.fields(wire)
    assert set(node["properties"]) == {field.encode_name for field in fields}
    assert set(node.get("required", ())) == {field.encode_name for field in fields if field.required}


def test_the_image_starts_what_the_project_installs() -> None:
    """The Dockerfile cannot be built here, so at least its last words are those of the project."""
    text = (ROOT / "Dockerfile").read_text()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    entry = re.findall(r'^ENTRYPOINT \["(\w+)"\]$', text, re.MULTILINE)
    assert entry == list(scripts)
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["65532:65532"]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY ([^-].*) \S+$", text, re.MULTILINE) for name in line.split()}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_lint_is_clean(tmp_path: Path, values: Manifest) -> None:
    code, output = run_helm(tmp_path, "lint", "--strict", str(CHART), values=values)
    assert code == 0, output
    assert "[WARNING]" not in output


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_no_role_has_a_wildcard_or_sees_secrets(tmp_path: Path, values: Manifest) -> None:
    manifests = render(tmp_path, values)
    assert of_kind(manifests, "Role") == {}
    for name, role in of_kind(manifests, "ClusterRole").items():
        words = {word for right in rights(role) for word in right}
        assert not any("*" in word for word in words), name
        assert not words & {"secrets", "configmaps", "pods/exec", "escalate", "bind", "impersonate"}, name
        assert all(set(rule) == {"apiGroups", "resources", "verbs"} for rule in role["rules"]), name


def test_the_operator_may_do_what_the_code_does_and_nothing_else(tmp_path: Path) -> None:
    known = [value for value in vars(resources).values() if isinstance(value, Resource)]
    wanted: set[Right] = set()
    for resource in known:
        if resource is not resources.EVENTS:
            wanted |= on(resource, "get", "list", "watch")
    for resource in resources.OURS.values():
        wanted |= on(resource, "patch", subresource="status")
    wanted |= on(resources.DECISIONS, "create", "delete") | on(resources.EVENTS, "create", "patch")
    roles = of_kind(render(tmp_path), "ClusterRole")
    assert rights(roles["edgewarm"]) == wanted
    scaled = (resources.DEPLOYMENTS, resources.STATEFUL_SETS)
    assert rights(roles["edgewarm-scaler"]) == {x for r in scaled for x in on(r, "get", "patch", subresource="scale")}
    kept = resources.OWNED.values()
    resizing = on(resources.PODS, "patch", subresource=RESIZE)
    assert rights(roles["edgewarm-warmer"]) == {x for r in kept for x in on(r, "create", "patch", "delete")} | resizing


def test_without_a_list_it_may_scale_everywhere(tmp_path: Path) -> None:
    manifests = render(tmp_path)
    bound = {binding["roleRef"]["name"] for binding in of_kind(manifests, "ClusterRoleBinding").values()}
    assert bound == {"edgewarm", "edgewarm-scaler"}
    assert of_kind(manifests, "RoleBinding") == {}


def test_listed_namespaces_give_role_bindings_and_no_right_to_scale_elsewhere(tmp_path: Path) -> None:
    manifests = render(tmp_path, {"scaling": {"namespaces": ["shop", "bank"]}})
    roles = of_kind(manifests, "ClusterRole")
    everywhere = [binding["roleRef"]["name"] for binding in of_kind(manifests, "ClusterRoleBinding").values()]
    assert everywhere == ["edgewarm"]
    assert not any(resource.endswith("/scale") for _, resource, _ in rights(roles["edgewarm"]))
    local = [m for m in manifests if m["kind"] == "RoleBinding" and m["metadata"]["name"] == "edgewarm-scaler"]
    assert [binding["metadata"]["namespace"] for binding in local] == ["shop", "bank"]
    for binding in local:
        assert binding["roleRef"]["name"] == "edgewarm-scaler"
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "edgewarm", "namespace": "edgewarm"}]


def test_pods_are_written_nowhere_unless_a_namespace_is_listed_or_all_are(tmp_path: Path) -> None:
    def where(values: Manifest) -> tuple[list[str], bool]:
        manifests = render(tmp_path, {"rungs": values})
        mine = [m for m in manifests if m["kind"].endswith("Binding") and m["metadata"]["name"] == "edgewarm-warmer"]
        bound = [m for m in mine if "roleRef" in m]
        named = [m["metadata"]["namespace"] for m in bound if m["kind"] == "RoleBinding"]
        return named, any(m["kind"] == "ClusterRoleBinding" for m in bound)

    assert where({}) == ([], False)
    assert where({"namespaces": ["shop", "bank"]}) == (["shop", "bank"], False)
    assert where({"allNamespaces": True}) == ([], True)


def test_the_admission_policy_holds_the_operator_and_nobody_else(tmp_path: Path) -> None:
    found = of_kind(render(tmp_path), "ValidatingAdmissionPolicy")["edgewarm-warmer"]["spec"]
    (condition,) = found["matchConditions"]
    assert condition["expression"] == "request.userInfo.username == 'system:serviceaccount:edgewarm:edgewarm'"
    assert (found["failurePolicy"], found["matchConstraints"]["resourceRules"][0]["operations"]) == (
        "Fail",
        ["CREATE", "UPDATE", "DELETE"],
    )


def test_people_read_write_and_approve_by_the_roles_they_have(tmp_path: Path) -> None:
    roles = of_kind(render(tmp_path), "ClusterRole")
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    reach = {
        name: {label.removeprefix(prefix) for label in role["metadata"]["labels"] if label.startswith(prefix)}
        for name, role in roles.items()
    }
    assert reach == {
        "edgewarm": set(),
        "edgewarm-scaler": set(),
        "edgewarm-warmer": set(),
        "edgewarm-view": {"view", "edit", "admin"},
        "edgewarm-edit": {"edit", "admin"},
        "edgewarm-approve": {"admin"},
    }
    assert {resource for _, resource, _ in rights(roles["edgewarm-edit"])} == {"warmingpolicies"}
    assert rights(roles["edgewarm-approve"]) == on(resources.DECISIONS, "update", "patch", "approve")
    without = of_kind(render(tmp_path, {"userRoles": {"create": False}}), "ClusterRole")
    assert set(without) == {"edgewarm", "edgewarm-scaler", "edgewarm-warmer"}


def container(manifests: list[Manifest]) -> Manifest:
    (deployment,) = of_kind(manifests, "Deployment").values()
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_the_command_line_accepts_the_arguments(tmp_path: Path, values: Manifest) -> None:
    arguments = container(render(tmp_path, values))["args"]
    assert all(isinstance(argument, str) for argument in arguments)
    group: Any = typer.main.get_command(cli)
    with group.make_context("edgewarm", list(arguments)) as context:
        name, command, rest = group.resolve_command(context, list(arguments))
        with command.make_context(name, rest, parent=context) as parsed:
            given = dict(parsed.params)
    log = {**default_values()["log"], **values.get("log", {})}
    assert given == {
        "sources": Path("/etc/edgewarm/sources.yaml"),
        "host": "0.0.0.0",
        "port": 8080,
        "pass_seconds": values.get("passSeconds", 15.0),
        "log_format": log["format"],
        "log_level": log["level"],
        "port_file": None,
    }


def test_the_config_map_is_the_sources_file(tmp_path: Path) -> None:
    assert sources_of(render(tmp_path)) == parse_sources("", "empty")
    found = sources_of(render(tmp_path, EVERYTHING))
    given = {name: EVERYTHING[name] for name in ("sources", "plugins", "fetchers", "prices", "approval")}
    room = {"image": EVERYTHING["rungs"]["nodeRoom"]["image"], "priorityClass": found.node_room.priority_class}
    assert found == parse_sources(yaml.safe_dump({**given, "nodeRoom": room}), "values")
    assert (found.sources[0].max_series, found.sources[0].max_bytes) == (1_000_000, 33_554_432)


@pytest.mark.parametrize(("values", "priority"), [({}, -10), (EVERYTHING, -5)], ids=["defaults", "everything"])
def test_the_priority_class_of_placeholders_is_the_one_that_they_name(
    tmp_path: Path, values: Manifest, priority: int
) -> None:
    rendered = render(tmp_path, values)
    (found,) = of_kind(rendered, "PriorityClass").values()
    assert found["metadata"]["name"] == sources_of(rendered).node_room.priority_class
    assert (found["value"], found["preemptionPolicy"]) == (priority, "Never")
    assert not found.get("globalDefault")


def sources_of(manifests: list[Manifest]) -> settings.SourceSettings:
    (config,) = of_kind(manifests, "ConfigMap").values()
    (pod,) = (d["spec"]["template"]["spec"] for d in of_kind(manifests, "Deployment").values())
    (volume,) = (volume for volume in pod["volumes"] if "configMap" in volume)
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    (mount,) = (m for m in container(manifests)["volumeMounts"] if m["name"] == volume["name"])
    (file,) = config["data"]
    assert f"{mount['mountPath']}/{file}" == "/etc/edgewarm/sources.yaml"
    return parse_sources(config["data"][file], file)


def test_a_change_of_the_sources_is_a_new_pod_and_nothing_else_is(tmp_path: Path) -> None:
    def template(values: Manifest) -> Manifest:
        (deployment,) = of_kind(render(tmp_path, values), "Deployment").values()
        found: Manifest = deployment["spec"]["template"]
        return found

    source = {"name": "prometheus", "type": "Prometheus", "url": "http://prometheus"}
    assert template({}) != template({"sources": [source]})
    assert template({}) == template({"scaling": {"namespaces": ["shop"]}})


def test_one_pod_that_restricted_pod_security_admits(tmp_path: Path) -> None:
    manifests = render(tmp_path, EVERYTHING)
    (deployment,) = of_kind(manifests, "Deployment").values()
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]) == (1, {"type": "Recreate"})
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container(manifests)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert container(manifests)["image"] == f"example/edgewarm@sha256:{'0' * 64}"


def test_what_selects_the_pod_matches_it_whatever_labels_are_given(tmp_path: Path) -> None:
    manifests = render(tmp_path, EVERYTHING)
    (deployment,) = of_kind(manifests, "Deployment").values()
    (service,) = of_kind(manifests, "Service").values()
    (monitor,) = of_kind(manifests, "ServiceMonitor").values()
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert labels["team"] == "shop"
    (port,) = service["spec"]["ports"]
    (served,) = container(manifests)["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("metrics", 8080, served["name"])
    assert monitor["spec"]["endpoints"][0]["port"] == port["name"]


def test_the_namespace_is_rendered_on_demand_only(tmp_path: Path) -> None:
    assert of_kind(render(tmp_path), "Namespace") == {}
    (namespace,) = of_kind(render(tmp_path, {"namespace": {"create": True}}), "Namespace").values()
    assert namespace["metadata"]["name"] == "edgewarm"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_names_follow_the_release(tmp_path: Path) -> None:
    manifests = render(tmp_path, release="edge")
    assert all(manifest["metadata"]["name"].startswith("edge-edgewarm") for manifest in manifests)
    (account,) = of_kind(manifests, "ServiceAccount")
    for binding in of_kind(manifests, "ClusterRoleBinding").values():
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "edgewarm"}]


def test_a_parent_chart_may_hand_its_globals_down(tmp_path: Path) -> None:
    assert render(tmp_path, {"global": {"registry": "example"}})
