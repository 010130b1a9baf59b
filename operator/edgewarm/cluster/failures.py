"""Answers of the API server that are not the one we asked for, as the errors of `model.errors`.

| status            | error       | who acts                                   |
|-------------------|-------------|--------------------------------------------|
| 401, 403          | Forbidden   | an administrator                           |
| 403, a quota      | Invalid     | whoever set the quota, or fills it         |
| 404               | NotFound    | we look again                              |
| 409               | Conflict    | we look again                              |
| 410               | Gone        | the informer lists anew                    |
| 429, a budget     | Protected   | whoever set the PodDisruptionBudget        |
| 408, 429, 5xx, no | Unavailable | we try again, after Retry-After if given   |
| any other 4xx     | Invalid     | whoever wrote the object that we sent      |
"""

from __future__ import annotations

import msgspec

from edgewarm.model.errors import Conflict, EdgewarmError, Forbidden, Invalid, NotFound, Protected, Unavailable


class Gone(Unavailable):
    """A resourceVersion or continue token is too old (410): only a new list helps."""


class Busy(Unavailable):
    """The API server asks for patience (429, 503); `retry_after` is in seconds, 0 where it did not say."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthenticated(Forbidden):
    """Our credentials are not valid (any more) (401)."""


class _Cause(msgspec.Struct, gc=False):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, gc=False):
    causes: tuple[_Cause, ...] | None = None


class Status(msgspec.Struct, gc=False):
    """metav1.Status, the body of every failure and of a watch's ERROR event."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None

    @property
    def protector(self) -> str | None:
        """What a PodDisruptionBudget says (policy/v1, DisruptionBudgetCause); None where none spoke."""
        causes = (self.details and self.details.causes) or ()
        return next((cause.message for cause in causes if cause.reason == "DisruptionBudget"), None)


_STATUS = msgspec.json.Decoder(Status)
_FIXES: dict[int, tuple[type[EdgewarmError], str]] = {
    401: (Unauthenticated, "check the operator's kubeconfig or service account token"),
    403: (Forbidden, "grant the operator's service account this verb on this resource"),
    404: (NotFound, "the object or its kind does not exist"),
    409: (Conflict, "the object exists or has changed since it was read"),
    410: (Gone, "a new list is needed"),
}


def status_of(body: bytes | msgspec.Raw) -> Status:
    """The Status in `body`; proxies and panics answer in other forms, whose text becomes the message."""
    try:
        return _STATUS.decode(body)
    except msgspec.MsgspecError:
        return Status(message=bytes(body)[:200].decode(errors="replace").strip())


def failure(doing: str, code: int, body: bytes | msgspec.Raw, retry_after: float = 0.0) -> EdgewarmError:
    """The error for an answer `code` to `doing`, which names verb, resource and object."""
    status = status_of(body)
    said = status.message or "no reason given"
    found = f"{doing}: the API server answered {code}: {said}"
    if code == 429 and status.protector is not None:
        return Protected(f"{said} {status.protector}".strip())
    if code == 403 and "exceeded quota" in said:
        return Invalid(f"{found} (raise the quota, or ask for less)")
    if code in _FIXES:
        error, fix = _FIXES[code]
        return error(f"{found} ({fix})")
    if code in (408, 429) or not 400 <= code < 500:
        return Busy(f"{found} (it will be tried again)", retry_after)
    return Invalid(f"{found} (correct the object)")
