"""The policies that others ship, one file each; pure, all knobs of one side by side."""

from edgewarm.replay.peers import crane, fixed, hpa, keepalive, kpa, linear, percentile, phpa
from edgewarm.replay.peers.peer import Peer

PEERS: tuple[Peer, ...] = (
    fixed.PEER,
    hpa.PEER,
    kpa.PEER,
    percentile.PEER,
    linear.PEER,
    crane.PEER,
    *phpa.PEERS,
    *keepalive.PEERS,
)
"""In the order of the tables."""
