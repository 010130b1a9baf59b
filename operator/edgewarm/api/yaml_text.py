"""YAML as `kubectl` reads it: JSON has no dates, so what looks like one is text."""

from __future__ import annotations

from typing import Any

import yaml

TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """With resolvers of its own, below."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != TIMESTAMP]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str) -> Any:
    """The one document of a text; ValueError, in one line, where it is none."""
    try:
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError) as error:  # `!!int text` is the latter
        raise ValueError(" ".join(str(error).split())) from error
