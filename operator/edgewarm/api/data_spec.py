"""spec.data on the wire: what a workload reads that is not in its images, and when it is worth staging."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, StrictStr

from edgewarm.api.fields import (
    ListMap,
    Name,
    RatioText,
    is_ratio_in_cel,
    is_within,
    parse_ratio,
    ratio_in_cel,
    within_in_cel,
)
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.data import DataItem, FileSource, is_digest
from edgewarm.model.identity import Part, Split
from edgewarm.model.units import parse_quantity

MOST_BYTES = "100Ti"
_SCHEMES = ("http://", "https://", "oci://", "oci+http://", "git+https://")
_PART = "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*"
_ARTIFACT = f"^oci([+]http)?://[^/@?#]+(/{_PART})+$"


class FileSpec(Wire):
    """A file, an OCI artifact or a Git commit, and where it goes."""

    url: Annotated[StrictStr, Field(min_length=1, max_length=2048)]
    """Where it is: a file at http:// or https://, an artifact at oci://registry/repository (oci+http:// without TLS), a
    Git repository at git+https://. Only a pod of the fetcher class asks it, and only at hosts that the class allows."""
    fetcher: Name
    """A fetcher class of the operator's configuration."""
    claim: Name
    """A PersistentVolumeClaim of the namespace that the workload mounts. The item is there under its name: a file, or a
    folder with the files of the artifact or of the commit."""

    rules = (
        Rule(
            f"data[].source.file.url must begin with {', '.join(_SCHEMES[:-1])} or {_SCHEMES[-1]}",
            cel=" || ".join(f"self.url.startsWith('{scheme}')" for scheme in _SCHEMES),
            holds=lambda file: file.url.startswith(_SCHEMES),
        ),
        Rule(
            "data[].source.file.url of an artifact must be a registry and a repository, such as "
            "oci://registry.example/models/vision, without tag and digest: the digest goes into data[].digest",
            cel=f"!self.url.startsWith('oci') || self.url.matches('{_ARTIFACT}')",
            holds=lambda file: not file.url.startswith("oci") or re.fullmatch(_ARTIFACT, file.url) is not None,
        ),
    )


class DataSource(Wire):
    """Where an item comes from: an image or a file."""

    image: Annotated[StrictStr, Field(min_length=1, max_length=255)] | None = None
    """An image or OCI artifact that the workload mounts as a volume of type image, without its digest: such as
    registry.example/models/vision. The kubelet of the node pulls it, with the pull secrets of the workload."""

    file: FileSpec | None = None
    """A file, an OCI artifact or a Git commit that a pod of a fetcher class brings onto a claim of the namespace:
    resumed where that is possible, verified by its digest."""

    rules = (
        Rule(
            "data[].source.image must be without a digest, which goes into data[].digest",
            cel="!has(self.image) || !self.image.contains('@')",
            holds=lambda source: source.image is None or "@" not in source.image,
        ),
        Rule(
            "set exactly one of data[].source.image and data[].source.file",
            cel="has(self.image) != has(self.file)",
            holds=lambda source: (source.image is None) != (source.file is None),
        ),
    )


class DataSpec(Wire):
    """One piece of data."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the item, a DNS label."""
    source: DataSource
    """Where it comes from."""
    digest: Annotated[StrictStr, Field(max_length=74)] | None = None
    """sha256: and 64 hexadecimal digits, of the image's or artifact's manifest or of the file; for git+https:// it is
    gitCommit: and the whole id of the commit. Required: what arrives is verified by it. Of an image only the version
    that the workload's template mounts is staged."""
    size: Annotated[StrictStr, Field(max_length=32)]
    """Bytes, as a quantity such as 2Gi: they count against rungs.data.storage. What is fetched onto a
    claim may not have more."""
    request_type: Annotated[StrictStr, Field(min_length=1, max_length=253)] | None = None
    """The value of the label demand.labels.requestType whose requests read the item: it is staged only while a pod is
    likely to be needed for these."""
    data_category: Annotated[StrictStr, Field(min_length=1, max_length=253)] | None = None
    """The same of demand.labels.dataCategory."""
    threshold: RatioText = "0.2"
    """The probability that a pod is needed above which the item is staged, an image by node: a ratio from 0.01 to
    0.99."""

    rules = (
        Rule(
            "data[].name must not be blobs, trees or partial: a claim has folders of these names",
            cel="!(self.name in ['blobs', 'trees', 'partial'])",
            holds=lambda item: item.name not in {"blobs", "trees", "partial"},
        ),
        Rule(
            "data[].digest must be sha256: and 64 hexadecimal digits, for git+https:// gitCommit: and the whole id of "
            "the commit: data without a digest cannot be verified, and is not staged",
            cel="has(self.digest) && (has(self.source.file) && self.source.file.url.startsWith('git+') ? "
            "self.digest.matches('^gitCommit:([0-9a-f]{40}|[0-9a-f]{64})$') : "
            "self.digest.matches('^sha256:[0-9a-f]{64}$'))",
            holds=lambda item: item.digest is not None and is_digest(item.digest, _file(item.source)),
        ),
        Rule(
            f'data[].size must be a quantity of bytes above 1n and at most {MOST_BYTES}, such as "2Gi"',
            cel=within_in_cel("self.size", MOST_BYTES),
            holds=lambda item: is_within(item.size, MOST_BYTES),
        ),
        Rule(
            'data[].threshold must be a ratio from 0.01 to 0.99, such as "0.2" or "20%"',
            cel=f"{is_ratio_in_cel('self.threshold')} && 0.01 <= {ratio_in_cel('self.threshold')} && "
            f"{ratio_in_cel('self.threshold')} <= 0.99",
            holds=lambda item: 0.01 <= parse_ratio(item.threshold) <= 0.99,
        ),
    )


DataList = Annotated[tuple[DataSpec, ...], ListMap(("name",), 16)]


def _data_has_a_rung(spec: Any) -> bool:
    staged = spec.rungs is not None and spec.rungs.data is not None
    images = any(item.source.image is not None for item in spec.data)
    return bool(spec.data) == staged and (spec.pool_ref is not None or not images)


def _split_rule(by: Split) -> Rule:
    """A kind of requests can only be told from others where demand has a label for it."""
    field = {Split.REQUEST_TYPE: "request_type", Split.DATA_CATEGORY: "data_category"}[by]

    def holds(spec: Any) -> bool:
        split = spec.demand.labels is not None and getattr(spec.demand.labels, field) is not None
        return split or all(getattr(item, field) is None for item in spec.data)

    return Rule(
        f"data[].{by} is a value of demand.labels.{by}: set that label, or remove {by}",
        cel=f"(has(self.demand.labels) && has(self.demand.labels.{by})) || !has(self.data) || "
        f"self.data.all(d, !has(d.{by}))",
        holds=holds,
    )


def _data_fits(spec: Any) -> bool:
    if spec.rungs is None or spec.rungs.data is None:
        return True
    most = parse_quantity(spec.rungs.data.storage)
    return all(parse_quantity(item.size) <= most for item in spec.data)


DATA_RULES = (
    Rule(
        "data is what rungs.data stages, images on the nodes of a pool: set both data and rungs.data, with images "
        "poolRef too, or neither",
        cel="(has(self.data) && self.data.size() > 0) == (has(self.rungs) && has(self.rungs.data)) && "
        "(has(self.poolRef) || !has(self.data) || !self.data.exists(d, has(d.source.image)))",
        holds=_data_has_a_rung,
    ),
    *(_split_rule(by) for by in (Split.REQUEST_TYPE, Split.DATA_CATEGORY)),
    Rule(
        "data[].size must not be above rungs.data.storage: it would never be staged",
        cel="!has(self.data) || !has(self.rungs) || !has(self.rungs.data) || self.data.all(d, "
        "!isQuantity(d.size) || !isQuantity(self.rungs.data.storage) || "
        "!quantity(d.size).isGreaterThan(quantity(self.rungs.data.storage)))",
        holds=_data_fits,
    ),
)
"""Rules of a WarmingPolicy's spec that are about data."""


def data(specs: tuple[DataSpec, ...]) -> tuple[DataItem, ...]:
    """As the core sees them."""
    return tuple(_item(spec) for spec in specs)


def _item(spec: DataSpec) -> DataItem:
    size, threshold = float(parse_quantity(spec.size)), parse_ratio(spec.threshold)
    file = _file(spec.source)
    given = ((Split.REQUEST_TYPE, spec.request_type), (Split.DATA_CATEGORY, spec.data_category))
    kinds = tuple(Part(by, value) for by, value in given if value is not None)
    return DataItem(spec.name, spec.source.image or "", spec.digest or "", size, threshold, file, kinds)


def _file(source: DataSource) -> FileSource | None:
    found = source.file
    return None if found is None else FileSource(found.url, found.fetcher, found.claim)
