"""Policies that are wrong about data, each with the sentence that its author reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.wrong_policies import WrongPolicy, merged


def _spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def _data(rung: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An item of data in which `fields` are wrong; None is left out."""
    item = {
        "name": "vision",
        "source": {"image": "models.example/vision"},
        "digest": f"sha256:{'a' * 64}",
        "size": "1Gi",
    }
    item = {name: value for name, value in {**item, **fields}.items() if value is not None}
    return _spec(poolRef={"name": "edge"}, rungs={"data": {**(rung or {})}}, data=[item])


def _at(url: str) -> dict[str, Any]:
    return {"file": {"url": url, "fetcher": "files", "claim": "models"}}


WRONG_ABOUT_DATA = (
    WrongPolicy(
        "data-without-digest",
        _data(digest=None),
        "the whole id of the commit: data without a digest cannot be verified, and is not staged",
    ),
    WrongPolicy(
        "data-digest-md5",
        _data(digest="md5:0123"),
        "data[].digest must be sha256: and 64 hexadecimal digits",
    ),
    WrongPolicy(
        "data-digest-in-image",
        _data(source={"image": f"models.example/vision@sha256:{'a' * 64}"}),
        "data[].source.image must be without a digest, which goes into data[].digest",
    ),
    WrongPolicy("data-name", _data(name="trees"), "data[].name must not be blobs, trees or partial"),
    WrongPolicy("data-no-source", _data(source={}), "set exactly one of data[].source.image and data[].source.file"),
    WrongPolicy(
        "data-file-address",
        _data(source=_at("ftp://files.example/a")),
        "data[].source.file.url must begin with http://, https://, oci://, oci+http:// or git+https://",
    ),
    WrongPolicy(
        "data-git-by-ssh", _data(source=_at("git+ssh://git@git.example/a")), "file.url must begin with http://"
    ),
    *(
        WrongPolicy(
            f"data-artifact-{what}",
            _data(source=_at(f"oci://registry.example/{end}")),
            "data[].source.file.url of an artifact must be a registry and a repository",
        )
        for what, end in (("tag", "a:1"), ("digest", f"a@sha256:{'a' * 64}"), ("query", "a?b"), ("path", "../a"))
    ),
    WrongPolicy(
        "data-commit-without-digest",
        _data(source=_at("git+https://git.example/a"), digest=None),
        "for git+https:// gitCommit: and the whole id of the commit",
    ),
    WrongPolicy(
        "data-commit-by-branch",
        _data(source=_at("git+https://git.example/a"), digest="gitCommit:main"),
        "for git+https:// gitCommit: and the whole id of the commit",
    ),
    WrongPolicy(
        "data-commit-by-sha256",
        _data(source=_at("git+https://git.example/a")),
        "for git+https:// gitCommit: and the whole id of the commit",
    ),
    WrongPolicy(
        "data-file-by-commit",
        _data(source=_at("https://files.example/a"), digest=f"gitCommit:{'a' * 40}"),
        "data[].digest must be sha256: and 64 hexadecimal digits",
    ),
    WrongPolicy(
        "data-type-without-label",
        _data(requestType="detect"),
        "data[].requestType is a value of demand.labels.requestType: set that label, or remove requestType",
    ),
    WrongPolicy(
        "data-category-without-label", _data(dataCategory="north"), "data[].dataCategory is a value of demand.labels"
    ),
    WrongPolicy("data-size", _data(size="2 GB"), "data[].size must be a quantity of bytes"),
    WrongPolicy("data-size-endless", _data(size="1P"), "data[].size must be a quantity of bytes"),
    WrongPolicy("data-threshold", _data(threshold="1"), "data[].threshold must be a ratio from 0.01 to 0.99"),
    WrongPolicy("data-above-storage", _data(size="11Gi"), "data[].size must not be above rungs.data.storage"),
    WrongPolicy("data-storage", _data({"storage": "0"}), "rungs.data.storage must be a quantity above 1n"),
    WrongPolicy("data-ttl", _data({"ttl": "1s"}), "rungs.data.ttl must be a Go duration such as 90s or 1h30m, from 5m"),
    WrongPolicy("data-without-rung", merged(_data(), _spec(rungs=None)), "data is what rungs.data stages"),
    WrongPolicy("data-without-pool", merged(_data(), _spec(poolRef=None)), "with images poolRef too"),
    WrongPolicy("data-rung-without-data", merged(_data(), _spec(data=None)), "data is what rungs.data stages"),
)
