"""`python -m rig.helm ...`: the Helm that we build, with the arguments given."""

from __future__ import annotations

import os
import sys

from controlplane.binaries import build_binaries, helm_module


def main() -> None:
    """Become Helm."""
    helm = build_binaries(helm_module())["helm"]
    os.execv(str(helm), ["helm", *sys.argv[1:]])


if __name__ == "__main__":
    main()
