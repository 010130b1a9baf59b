"""kopf as the shell and the nudge: it logs in, watches our three kinds and wakes the engine; it keeps nothing.

Low-level events only: timers, daemons and create/update handlers are edge-triggered, add finalizers and annotations,
and lose deletions after a gap. The engine has informers of its own, so a lost nudge costs at most one pass interval.
"""

from __future__ import annotations

import dataclasses
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import kopf

from edgewarm.model.names import GROUP, SCALING_DECISION, VERSION

PLURALS = ("warmingpolicies", "edgenodepools", "scalingdecisions")


class EndlessBackoff:
    """1, 2, 4 .. 30 s with half of it as jitter, for ever; iterable but not sized, so kopf never runs out of it."""

    def __iter__(self) -> Iterator[float]:
        seconds = 1.0
        while True:
            yield seconds * random.uniform(0.5, 1.5)
            seconds = min(30.0, 2 * seconds)


class NoDiffBase(kopf.DiffBaseStorage):
    """Remembers nothing: we compare wanted and existing sets, never old and new."""

    def build(self, *, body: Any, extra_fields: Any = None) -> Any:
        return {}

    def fetch(self, *, body: Any) -> None:
        return None

    def store(self, *, body: Any, patch: Any, essence: Any) -> None:
        return None


class NoProgress(kopf.ProgressStorage):
    """Remembers nothing: there are no handlers with progress."""

    def fetch(self, *, key: Any, body: Any) -> None:
        return None

    def store(self, *, key: Any, record: Any, body: Any, patch: Any) -> None:
        return None

    def purge(self, *, key: Any, body: Any, patch: Any) -> None:
        return None

    def touch(self, *, body: Any, patch: Any, value: Any) -> None:
        return None

    def clear(self, *, essence: Any) -> Any:
        return essence


def configure(settings: kopf.OperatorSettings) -> None:
    """Alone, silent, paged, patient."""
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.watching.chunk_size = 500
    settings.watching.connect_timeout = 10
    settings.queueing.idle_timeout = 0.02
    settings.queueing.worker_limit = 200
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = EndlessBackoff()
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.finalizer = f"{GROUP}/unused"
    settings.execution.max_workers = 1
    settings.process.ultimate_exiting_timeout = None


def login(environment: Mapping[str, str], **kwargs: Any) -> kopf.ConnectionInfo | None:
    """$KUBECONFIG, else the pod's service account at the address that the kubelet gives, else ~/.kube/config.

    The same order as our own client's; kopf's own way needs cluster DNS, which a pod on the host network may not have.
    """
    if environment.get("KUBECONFIG"):
        return kopf.login_with_kubeconfig(**kwargs)
    inside = kopf.login_with_service_account(**kwargs)
    if inside is None:
        return kopf.login_with_kubeconfig(**kwargs)
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    bracketed = f"[{host}]" if host and ":" in host else host
    return dataclasses.replace(inside, server=f"https://{bracketed}:{port}") if host else inside


def _is_news(generations: dict[str, int], event: Mapping[str, Any]) -> bool:
    """Someone changed a spec, or an object came or went since the initial listing (type None).

    Decisions come and go by our own hand, so of them only a changed spec is news: an approval.
    """
    meta = event["object"]["metadata"]
    ours = event["object"].get("kind") == SCALING_DECISION
    if event["type"] == "DELETED":
        generations.pop(meta["uid"], None)
        return not ours
    known, generation = generations.get(meta["uid"]), meta.get("generation", 0)
    generations[meta["uid"]] = generation
    return event["type"] is not None and known != generation and not (ours and event["type"] == "ADDED")


def build_registry(wake: Callable[[], None]) -> kopf.OperatorRegistry:
    """Start-up, login and one event handler per kind; each handler is glue."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, id="configure")
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure(settings)

    @kopf.on.login(registry=registry, id="login")
    def log_in(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return login(os.environ, **kwargs)

    generations: dict[str, int] = {}  # a status that we wrote comes back as an event too, with the generation unchanged
    for plural in PLURALS:

        @kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"nudge-{plural}")
        async def nudge(event: Mapping[str, Any], **_: Any) -> None:
            if _is_news(generations, event):
                wake()

    return registry


def run_until(
    stopped: threading.Event, wake: Callable[[], None], on_exit: Callable[[BaseException | None], None]
) -> None:
    """Run kopf in this thread until `stopped`; its exit is normal (an ERROR event ends it) and answered by a new start.

    A thread of its own keeps kopf's hands off our signal handlers and our tasks, which it cancels when it ends.
    """
    for pause in EndlessBackoff():
        problem: BaseException | None = None
        try:
            kopf.run(
                registry=build_registry(wake),
                identity=cast(Any, "edgewarm"),  # else kopf asks for the user name, which a bare uid does not have
                clusterwide=True,
                standalone=True,
                stop_flag=stopped,
            )
        except Exception as error:  # noqa: BLE001 - whatever ends kopf must not end the operator
            problem = error
        if stopped.is_set():
            return
        on_exit(problem)
        if stopped.wait(pause):
            return
