# SPDX-License-Identifier: Apache-2.0
"""A training's state on disk: always a whole one, whenever the process or the machine stops."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

_CHECKPOINT, _LOG = "checkpoint.pt", "log.jsonl"


class StateFolder:
    """The checkpoint and the log of one training."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._checkpoint, self._log = directory / _CHECKPOINT, directory / _LOG

    def save(self, state: dict[str, Any]) -> None:
        """Replaces the checkpoint by `state`, at once."""
        new = self._checkpoint.with_suffix(".new")
        with open(new, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._checkpoint)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The checkpoint, or None before the first; lines of the log after it are taken back."""
        if not self._checkpoint.is_file():
            self._keep_log(-1)
            return None
        state: dict[str, Any] = torch.load(self._checkpoint, map_location=device, weights_only=True)  # noqa: TID251
        self._keep_log(state["step"])
        return state

    def note(self, step: int, values: dict[str, float]) -> None:
        """One line of the log."""
        rounded = {name: round(value, 5) for name, value in values.items()}
        with open(self._log, "a") as log:
            log.write(json.dumps({"step": step, **rounded}) + "\n")

    def _keep_log(self, last_step: int) -> None:
        if not self._log.is_file():
            return
        lines = self._log.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and _step(line) <= last_step]
        new = self._log.with_suffix(".new")
        new.write_text("".join(kept))
        os.replace(new, self._log)


def _step(line: str) -> int:
    return int(json.loads(line)["step"])
