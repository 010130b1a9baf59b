"""What an artifact's manifest may say: files inside a folder, each once, each by a digest that can be verified."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgewarm.fetch import Order, Refused
from edgewarm.fetch.artifact import Layer, layers, parts, scope

pytestmark = pytest.mark.unit

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
ORDER = Order("oci://registry.example:5000/models/vision", DIGEST, "vision", 100)


def layer(title: str = "", digest: str = OTHER, size: int = 7) -> dict[str, Any]:
    named = {"annotations": {"org.opencontainers.image.title": title}} if title else {}
    return {"mediaType": "application/octet-stream", "digest": digest, "size": size, **named}


def read(*given: dict[str, Any], **others: Any) -> tuple[Layer, ...]:
    return layers(ORDER, json.dumps({"schemaVersion": 2, "layers": list(given), **others}).encode())


def test_a_layer_is_a_file_by_its_title_or_by_its_digest() -> None:
    assert read(layer("a/./b.bin"), layer(digest=DIGEST)) == (
        Layer("a/b.bin", OTHER, 7),
        Layer(f"sha256-{'a' * 64}", DIGEST, 7),
    )


def test_each_digest_is_asked_for_once_at_the_registry() -> None:
    asked = parts(ORDER, read(layer("a"), layer("b"), layer("c", DIGEST)))
    assert [one.url for one in asked] == [
        f"https://registry.example:5000/v2/models/vision/blobs/{digest}" for digest in (OTHER, DIGEST)
    ]
    assert scope(ORDER) == "repository:models/vision:pull"


@pytest.mark.parametrize(
    ("title", "problem"),
    [
        ("../escape", "no path inside a folder"),
        ("a/../../escape", "no path inside a folder"),
        ("/etc/passwd", "no path inside a folder"),
        (".", "no path inside a folder"),
        ("a\nb", "no path inside a folder"),
        ("a\0b", "no path inside a folder"),
    ],
)
def test_a_title_that_leads_out_of_the_folder_is_refused(title: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        read(layer(title))


@pytest.mark.parametrize("titles", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "./a")])
def test_two_layers_never_want_the_same_place(titles: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="two layers have the title"):
        read(*map(layer, titles))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"layers": []}, "is a manifest without layers"),
        ({"layers": None}, "is a manifest without layers"),
        ({"layers": None, "manifests": [layer()]}, "is an index of several manifests"),
        ({"layers": [layer(digest=f"sha512:{'a' * 128}")]}, "only sha256 can be verified"),
        ({"layers": [layer(size=-1)]}, "only sha256 can be verified"),
        ({"layers": [{"size": 1}]}, "has no manifest that can be read"),
    ],
)
def test_what_cannot_be_fetched_is_said(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        read(**given)


def test_a_page_that_is_no_manifest_is_refused() -> None:
    with pytest.raises(Refused, match="has no manifest that can be read"):
        layers(ORDER, b"<html>")
