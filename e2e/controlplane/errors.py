"""The one error this package raises, with a sentence that says what was done, found and what to do."""


class ControlPlaneError(Exception):
    pass
