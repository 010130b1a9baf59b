"""Golden files: what a builder gave when someone last looked; EDGEWARM_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def golden(name: str, found: Any) -> Any:
    """The expected object; with the switch set, `found` is stored as what is expected."""
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("EDGEWARM_UPDATE_GOLDEN") == "1":
        path.write_text(yaml.safe_dump(found, sort_keys=False, width=120), encoding="utf-8")
    return yaml.safe_load(path.read_text(encoding="utf-8"))
