"""A login is for the place that it was given for, and is shown to nobody."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from edgewarm.fetch import Credentials, Refused
from support.fake_registry import secret

pytestmark = pytest.mark.unit


def docker(folder: Path, auths: Any, **files: str) -> Credentials:
    return Credentials.load(secret(folder / "secret", dockerconfigjson=json.dumps({"auths": auths}), **files))


def auth(name: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("registry.example", "other/thing", "host"),
        ("registry.example", "team/thing", "team"),
        ("registry.example", "teams/thing", "host"),
        ("registry.example:5000", "a", "port"),
        ("registry-1.docker.io", "library/a", "hub"),
        ("registry.example.org", "a", "other"),
        ("example", "a", "other"),
    ],
)
def test_the_longest_place_that_fits_has_the_login(tmp_path: Path, host: str, path: str, name: str) -> None:
    auths = {
        "registry.example": auth("host", "a:b"),
        "https://registry.example/v2/team/": {"username": "team", "password": "x"},
        "registry.example:5000": auth("port", "x"),
        "https://index.docker.io/v1/": auth("hub", "x"),
    }
    found = docker(tmp_path, auths, username="other", password="x\n").find(host, path)
    assert found is not None
    assert found.name == name


def test_a_password_may_have_a_colon_and_is_not_shown(tmp_path: Path) -> None:
    found = docker(tmp_path, {"a.example": auth("me", "x:y")}).find("a.example", "b")
    assert found is not None
    assert (found.password, "x:y" in repr(found)) == ("x:y", False)
    assert found.basic == "Basic " + base64.b64encode(b"me:x:y").decode()


def test_a_secret_that_is_not_there_or_holds_other_tokens_gives_no_login(tmp_path: Path) -> None:
    assert Credentials.load(None) == Credentials.load(tmp_path / "none") == Credentials()
    assert docker(tmp_path, {"a.example": {"identitytoken": "x"}}).find("a.example", "b") is None


@pytest.mark.parametrize("content", ["{}", "[]", "no", '{"auths": {"a": {"auth": "?"}}}', '{"auths": []}'])
def test_a_docker_configuration_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(Refused, match="dockerconfigjson of the fetcher class's Secret is no docker configuration"):
        Credentials.load(secret(tmp_path / "secret", dockerconfigjson=content))


def test_what_is_no_text_and_no_certificate_is_refused_and_said(tmp_path: Path) -> None:
    folder = secret(tmp_path / "secret", ca_crt="-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    with pytest.raises(Refused, match=r"ca\.crt of the fetcher class's Secret has no certificates"):
        Credentials.load(folder).trusted()
    (folder / "password").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="password of the fetcher class's Secret is no text"):
        Credentials.load(folder)
