"""Stands in for the image half of a kubelet: pulls take time, and node.status.images says what is there.

Run by `up` as the component `images`: `python -m controlplane.images --kubeconfig FILE`.
"""

import argparse
import asyncio
import datetime
import logging
import uuid
from pathlib import Path
from typing import Any

import aiohttp

from .api import MERGE_PATCH
from .cold_start import (
    DEFAULT_IMAGE_BYTES,
    IMAGE_BYTES,
    READY_AT,
    STARTS_AT,
    ColdStart,
    asked_of,
    event,
    node_image,
    normalised_image,
    pod_images,
    pulled_message,
    stamp,
)
from .kubeconfigs import access_from
from .watching import AsyncApi


class Puller:
    """Pulls what pods on simulated nodes need; what a node has is read from the node itself, never only remembered."""

    def __init__(self, api: AsyncApi) -> None:
        self._api = api
        self._images: dict[str, tuple[int, set[str]]] = {}  # node: resource version, image names
        self._locks: dict[str, asyncio.Lock] = {}
        self._pulls: dict[str, asyncio.Task[None]] = {}  # by pod uid; kept until the pod is gone: one pull per pod
        self._waiting: dict[str, list[dict[str, Any]]] = {}  # pods we heard of before their node
        self._seconds: dict[str, float] = {}  # by image: the pull time that some pod asked for holds for all pods

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_nodes())
            group.create_task(self._follow_pods())

    async def _follow_nodes(self) -> None:
        async for kind, node in self._api.objects("/api/v1/nodes", {"labelSelector": "type=kwok"}):
            name = node["metadata"]["name"]
            if kind == "DELETED":
                self._images.pop(name, None)
                continue
            self._remember(node)
            for pod in self._waiting.pop(name, []):
                self._consider(pod)

    async def _follow_pods(self) -> None:
        async for kind, pod in self._api.objects("/api/v1/pods", {"fieldSelector": "spec.nodeName!="}):
            if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
                pull = self._pulls.pop(pod["metadata"]["uid"], None)
                if pull is not None:
                    pull.cancel()
            elif pod["metadata"]["uid"] not in self._pulls and pod["status"].get("phase") in ("Pending", "Running"):
                self._consider(pod)

    def _consider(self, pod: dict[str, Any]) -> None:
        node = pod["spec"]["nodeName"]
        if node not in self._images:
            self._waiting.setdefault(node, []).append(pod)
            return
        cold = asked_of(pod)
        images = pod_images(pod)
        if cold is not None and cold.pull:
            self._seconds.update({image: cold.pull / len(images) for image in images})
        self._pulls[pod["metadata"]["uid"]] = asyncio.create_task(self._pull_all(pod, images, cold))

    async def _pull_all(self, pod: dict[str, Any], images: dict[str, str], cold: ColdStart | None) -> None:
        released = READY_AT in (pod["metadata"].get("annotations") or {})  # by our predecessor, before a restart
        for image, field_path in images.items():
            wait = self._seconds.get(image)
            await self._pull(pod, image, field_path, None if released else wait if cold is None else wait or 0.0)
        if not released:
            await self._release(pod, cold or ColdStart(0, 0, 0))

    async def _pull(self, pod: dict[str, Any], image: str, field_path: str, wait: float | None) -> None:
        """With a time to wait, as a kubelet tells it in events; without, silently."""
        node = pod["spec"]["nodeName"]
        present = normalised_image(image) in self._images.get(node, (0, set()))[1]
        size = int((pod["metadata"].get("annotations") or {}).get(IMAGE_BYTES, DEFAULT_IMAGE_BYTES))
        if wait is None:
            if not present:
                await self._record(node, image, size)
        elif present:
            await self._tell(pod, field_path, "Pulled", f'Container image "{image}" already present on machine')
        else:
            await self._tell(pod, field_path, "Pulling", f'Pulling image "{image}"')
            await asyncio.sleep(wait)
            await self._record(node, image, size)
            await self._tell(pod, field_path, "Pulled", pulled_message(image, wait, size))

    async def _record(self, node: str, image: str, size: int) -> None:
        async with self._locks.setdefault(node, asyncio.Lock()):
            found = await self._api.call("GET", f"/api/v1/nodes/{node}")
            if found is None:
                return
            listed = found["status"].get("images") or []
            if not any(normalised_image(image) in entry["names"] for entry in listed):
                body = {"status": {"images": [*listed, node_image(image, size)]}}
                found = await self._api.call("PATCH", f"/api/v1/nodes/{node}/status", body, MERGE_PATCH)
            self._remember(found or {})

    async def _release(self, pod: dict[str, Any], cold: ColdStart) -> None:
        """Writes down when the containers start and when they are ready; kwok plays that."""
        starts = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=cold.start)
        ready = starts + datetime.timedelta(seconds=cold.ready)
        stamps = {STARTS_AT: stamp(starts), READY_AT: stamp(ready)}
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        # the uid makes a new pod of the same name (a StatefulSet's) a conflict
        body = {"metadata": {"annotations": stamps, "uid": metadata["uid"]}}
        await self._api.call("PATCH", path, body, MERGE_PATCH)

    async def _tell(self, pod: dict[str, Any], field_path: str, reason: str, message: str) -> None:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = event(pod, field_path, (reason, message), (now, uuid.uuid4().hex[:16]))
        await self._api.call("POST", f"/api/v1/namespaces/{pod['metadata']['namespace']}/events", body)

    def _remember(self, node: dict[str, Any]) -> None:
        if not node:
            return
        name, version = node["metadata"]["name"], int(node["metadata"]["resourceVersion"])
        if version >= self._images.get(name, (0, set()))[0]:
            listed = node["status"].get("images") or []
            self._images[name] = (version, {image for entry in listed for image in entry["names"]})


async def serve(kubeconfig: Path) -> None:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await Puller(AsyncApi(session, access_from(kubeconfig))).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(serve(parser.parse_args().kubeconfig))


if __name__ == "__main__":
    main()
