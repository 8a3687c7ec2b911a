# SPDX-License-Identifier: Apache-2.0
"""docker/Dockerfile as its instructions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "docker"


class Instruction(NamedTuple):
    """One instruction: `RUN`, and the rest of it on one line."""

    name: str
    text: str


def instructions() -> list[Instruction]:
    """All of them in their order, without comments."""
    lines = (FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    found = []
    for line in re.sub(r"\\\n\s*", "", joined).splitlines():
        if line.strip():
            name, _, text = line.partition(" ")
            found.append(Instruction(name, text.strip()))
    return found


def last_stage() -> list[Instruction]:
    """The instructions of the image that is run."""
    every = instructions()
    begins = [at for at, one in enumerate(every) if one.name == "FROM"]
    return every[begins[-1] :]
