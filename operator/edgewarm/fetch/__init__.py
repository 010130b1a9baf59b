"""The program that stages data on a volume: `edgewarm fetch`. It runs in a container of its own, beside no operator.

order -> found in the store? -> room (eviction, disk guard) -> transfer (resumed, paced, hashed) -> verified -> renamed

Files, OCI artifacts layer by layer (fetch.artifact), and Git at a commit (fetch.commit).

Nothing of the operator is imported here, and nothing but bytes is trusted: a blob has its name only once its digest is
what was asked for.
"""

from edgewarm.fetch.credentials import Credentials
from edgewarm.fetch.order import Interrupted, Limits, Order, Refused
from edgewarm.fetch.run import Fetcher, Outcome
from edgewarm.fetch.store import Keeping, Store

__all__ = ["Credentials", "Fetcher", "Interrupted", "Keeping", "Limits", "Order", "Outcome", "Refused", "Store"]
