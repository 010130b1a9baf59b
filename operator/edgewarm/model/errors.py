"""Two kinds of failure; anything else is a bug and stays loud.

* EdgewarmError
  x Unavailable      the world's fault: try again later, hold what we have
    - Conflict       the object changed since we read it: look again
    - NotFound       the object is not there (any more)
    - Protected      a PodDisruptionBudget allows no eviction now
  x Invalid          the user's fault: say which field, what was found, what to write instead
    - Forbidden      the API server refuses us: an administrator must grant it
"""

from __future__ import annotations


class EdgewarmError(Exception):
    """Base of everything that edgewarm raises on purpose."""


class Unavailable(EdgewarmError):
    """Something outside did not answer; the caller retries and holds."""


class Conflict(Unavailable):
    """The object changed since it was read (409); the next pass looks again."""


class NotFound(Unavailable):
    """The object does not exist (404)."""


class Protected(Unavailable):
    """A PodDisruptionBudget does not let this pod go now (429 of the Eviction API)."""


class Invalid(EdgewarmError):
    """What the user wrote cannot work; the message names the field and the fix."""


class Forbidden(Invalid):
    """The API server refuses the operator (401, 403); the message names verb and resource."""
