"""What a recorded series can be refused for: the sentence names file, line and column, and the fix."""

from __future__ import annotations

from edgewarm.model.errors import Invalid


class TraceError(Invalid):
    """The trace, or how it is to be read, cannot work as it is; the message says what to change."""
