"""What a pod's annotations ask of its cold start, and how image names and kubelet events are written."""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import ControlPlaneError

logger = logging.getLogger("controlplane.images")
PREFIX = "e2e.edgewarm.io/"
PULL, START, READY = f"{PREFIX}pull-seconds", f"{PREFIX}start-seconds", f"{PREFIX}ready-seconds"
WHOLE = f"{PREFIX}cold-start"
STARTS_AT, READY_AT = f"{PREFIX}starts-at", f"{PREFIX}ready-at"
IMAGE_BYTES = f"{PREFIX}image-bytes"
# How a whole cold start is shared out where its parts are not named.
SHARES = {PULL: 0.6, START: 0.1, READY: 0.3}
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DEFAULT_IMAGE_BYTES = 250_000_000


@dataclass(frozen=True)
class ColdStart:
    """Seconds from scheduled to pulled, from pulled to running, from running to Ready."""

    pull: float
    start: float
    ready: float


def cold_start(annotations: Mapping[str, str]) -> ColdStart | None:
    """None where nothing is asked for: then the pod is ready at once."""
    if not any(key in annotations for key in (WHOLE, *SHARES)):
        return None
    whole = seconds(annotations.get(WHOLE, "0"))
    pull, start, ready = (
        seconds(annotations[key]) if key in annotations else whole * share for key, share in SHARES.items()
    )
    return ColdStart(pull, start, ready)


def asked_of(pod: Mapping[str, Any]) -> ColdStart | None:
    """As `cold_start`; annotations that cannot be read are logged, and such a pod starts without waiting."""
    try:
        return cold_start(pod["metadata"].get("annotations") or {})
    except ControlPlaneError as error:
        logger.warning("pod %s: %s; it starts without waiting", pod["metadata"]["name"], error)
        return ColdStart(0, 0, 0)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def pulled_message(image: str, took: float, size: int) -> str:
    """A kubelet's words, in which some readers look for the time and the size."""
    text = go_duration(took)
    return f'Successfully pulled image "{image}" in {text} ({text} including waiting). Image size: {size} bytes.'


def seconds(text: str) -> float:
    """A Go duration (`1m30s`, `1500ms`) or a plain number of seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        raise ControlPlaneError(f"{text!r} is no duration: write seconds (20) or a Go duration (1m30s)")
    return sum(float(number) * UNITS[unit] for number, _, unit in re.findall(r"(\d+(\.\d+)?)(ms|s|m|h)", text))


def go_duration(value: float) -> str:
    if value < 1:
        return f"{value * 1000:.0f}ms"
    minutes, rest = divmod(value, 60)
    return f"{int(minutes)}m{rest:.3f}s" if minutes else f"{rest:.3f}s"


def normalised_image(image: str) -> str:
    """The name a kubelet reports: registry, repository and tag written out."""
    name, digest_sign, digest = image.partition("@")
    first, slash, _ = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}" if slash else f"docker.io/library/{name}"
    if not digest_sign and ":" not in name.rsplit("/", 1)[-1]:
        name += ":latest"
    return name + digest_sign + digest


def node_image(image: str, size: int = DEFAULT_IMAGE_BYTES) -> dict[str, Any]:
    """An entry of node.status.images: first by digest (made up from the name), then by tag, as kubelets list it."""
    name = normalised_image(image)
    if "@" in name:
        return {"names": [name], "sizeBytes": size}
    repository = name.rsplit(":", 1)[0]
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {"names": [f"{repository}@sha256:{digest}", name], "sizeBytes": size}


def pod_images(pod: Mapping[str, Any]) -> dict[str, str]:
    """Images of a pod in the order a kubelet wants them, each with the field path its events name."""
    spec = pod["spec"]
    found: dict[str, str] = {}
    for volume in spec.get("volumes", []):
        if volume.get("image", {}).get("reference"):
            found.setdefault(volume["image"]["reference"], f"spec.volumes{{{volume['name']}}}")
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or []:
            found.setdefault(container["image"], f"spec.{field}{{{container['name']}}}")
    return found


def event(pod: Mapping[str, Any], field_path: str, told: tuple[str, str], stamp: tuple[str, str]) -> dict[str, Any]:
    """A kubelet's event: `told` is reason and message, `stamp` the time in seconds and a unique suffix."""
    metadata = pod["metadata"]
    reference = {"apiVersion": "v1", "kind": "Pod", "fieldPath": field_path}
    reference |= {key: metadata[key] for key in ("namespace", "name", "uid")}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": metadata["namespace"], "name": f"{metadata['name']}.{stamp[1]}"},
        "involvedObject": reference,
        "reason": told[0],
        "message": told[1],
        "type": "Normal",
        "count": 1,
        "firstTimestamp": stamp[0],
        "lastTimestamp": stamp[0],
        "source": {"component": "kubelet", "host": pod["spec"]["nodeName"]},
        "reportingComponent": "kubelet",
        "reportingInstance": pod["spec"]["nodeName"],
    }
