"""A pod that fetches may do nothing else, and two operators make the same one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgewarm.cli.main import cli
from edgewarm.manifests.fetch_pod import FetchOrder, fetch_pod
from edgewarm.model.data import DataItem, FileSource
from edgewarm.model.fetchers import FetcherClass
from edgewarm.model.identity import Key
from edgewarm.model.objects import PolicyObject
from edgewarm.model.rungs import DataTerms
from edgewarm.model.template import PodTemplate

pytestmark = pytest.mark.unit

FILE = FileSource("https://files.example/--into=/etc", "files", "models")
ITEM = DataItem("table", "", f"sha256:{'a' * 64}", 1000.0, file=FILE)
CLASS = FetcherClass("files", "operator:1", ("files.example",), 10**9, 5 * 10**6)
TOLERATIONS = [{"key": "edge", "operator": "Exists"}]
TEMPLATE = PodTemplate(json.dumps({"spec": {"tolerations": TOLERATIONS, "serviceAccountName": "rich"}}).encode())
ORDER = FetchOrder(
    PolicyObject(Key("shop", "checkout"), "uid", 1, 0.0, None, None), ITEM, FILE, CLASS, DataTerms(), TEMPLATE
)


def test_it_has_no_token_no_rights_and_no_root() -> None:
    spec = fetch_pod(ORDER)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert spec["tolerations"] == TOLERATIONS


def test_the_same_order_has_the_same_name_and_another_digest_another() -> None:
    other = replace(ORDER, item=replace(ITEM, digest=f"sha256:{'b' * 64}"))
    names = [fetch_pod(order)["metadata"]["name"] for order in (ORDER, ORDER, other)]
    assert (names[0] == names[1], names[0] == names[2]) == (True, False)


def test_the_command_line_is_one_that_the_program_takes(tmp_path: Path) -> None:
    """Up to the address, which only the class may allow: here the program itself refuses it."""
    wrong = replace(ORDER, fetcher=replace(CLASS, hosts=("other.example",)), kept=(ITEM.digest,))
    args = [one for one in fetch_pod(wrong)["spec"]["containers"][0]["args"] if not one.startswith("--report")]
    done = CliRunner().invoke(cli, [one.replace("--into=/data", f"--into={tmp_path}") for one in args])
    assert done.exit_code == 3, done.output
    assert json.loads(done.stdout)["message"].startswith("host files.example is not one that the fetcher class allows")


def test_a_class_with_a_secret_has_it_mounted_and_starts_without_it_too(tmp_path: Path) -> None:
    given = replace(ORDER, fetcher=replace(CLASS, secret="fetch-login"))
    spec = fetch_pod(given)["spec"]
    assert {"name": "secret", "secret": {"secretName": "fetch-login", "optional": True}} in spec["volumes"]
    (container,) = spec["containers"]
    assert {"name": "secret", "mountPath": "/var/run/edgewarm/secret", "readOnly": True} in container["volumeMounts"]
    assert "--secret=/var/run/edgewarm/secret" in container["args"]
    assert not any("secret" in one for one in fetch_pod(ORDER)["spec"]["containers"][0]["args"])


@pytest.mark.parametrize(
    ("url", "digest"),
    [("oci://files.example/models/vision", ITEM.digest), ("git+https://files.example/a", f"gitCommit:{'a' * 40}")],
)
def test_artifacts_and_commits_are_ordered_of_the_same_program(tmp_path: Path, url: str, digest: str) -> None:
    file = replace(FILE, url=url)
    item = replace(ITEM, file=file, digest=digest)
    near = ("http://files.cache:8080/claim",)
    fetcher = replace(CLASS, hosts=("other.example",), secret="fetch-login", neighbours=near)
    pod = fetch_pod(replace(ORDER, item=item, file=file, fetcher=fetcher, kept=(digest,)))
    args = [one for one in pod["spec"]["containers"][0]["args"] if not one.startswith("--report")]
    done = CliRunner().invoke(cli, [one.replace("--into=/data", f"--into={tmp_path}") for one in args])
    assert done.exit_code == 3, done.output
    assert "host files.example is not one that the fetcher class allows" in json.loads(done.stdout)["message"]
