"""Image names are compared as a kubelet lists them."""

from __future__ import annotations

import pytest

from edgewarm.model.images import FULL_LIST, canonical, listed

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("reference", "whole"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("team/web", "docker.io/team/web:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/team/web:1", "docker.io/team/web:1"),
        ("localhost/web:1", "localhost/web:1"),
        ("localhost:5000/web", "localhost:5000/web:latest"),
        ("registry.example/a/b/web:1", "registry.example/a/b/web:1"),
        ("registry.example:443/web@sha256:ab", "registry.example:443/web@sha256:ab"),
        ("web:1@sha256:ab", "docker.io/library/web@sha256:ab"),
    ],
)
def test_a_name_is_written_out(reference: str, whole: str) -> None:
    assert canonical(reference) == whole
    assert canonical(whole) == whole


NAMES = {"docker.io/library/web@sha256:ab", "docker.io/library/web:1"}


@pytest.mark.parametrize(
    ("reference", "entries", "there"),
    [
        pytest.param("web:1", 7, True, id="by its tag"),
        pytest.param("web@sha256:ab", 7, True, id="by its digest"),
        pytest.param("web:2@sha256:ab", 7, True, id="the digest names, whatever the tag"),
        pytest.param("web:1@sha256:cd", 7, False, id="the same tag of another digest is another image"),
        pytest.param("web:2", FULL_LIST - 1, False, id="a list with room left nothing out"),
        pytest.param("web:2", FULL_LIST, None, id="a full list may have left it out"),
        pytest.param("web:1", FULL_LIST, True, id="what a full list has is there"),
    ],
)
def test_absence_from_a_full_list_is_unknown(reference: str, entries: int, there: bool | None) -> None:
    assert listed(reference, NAMES, entries) is there
