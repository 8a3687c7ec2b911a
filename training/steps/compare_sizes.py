# SPDX-License-Identifier: Apache-2.0
"""Short runs of models of different sizes, side by side: what the few megabytes are best spent on.

They cost about the same when they are used, so that only what they learn decides.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import torch

from training.frames.frame_store import FrameStore
from training.network.architecture import SIZES
from training.steps.objectives import Losses
from training.steps.trainer import Plan, Trainer

logger = logging.getLogger(__name__)

COMPARE = "compare"
_IMAGES, _BATCH = 9_600, 16  # 600 steps
_SMALL, _COOL_DOWN, _AVERAGE = 0.8, 0.4, 0.98


def best_sizes(directory: Path, store: FrameStore, tokenizer: Path, device: str) -> str:
    """The name in SIZES that learns most in a short run; goes on where it was stopped.

    What comes out is written to `sizes.json` in `directory`, and read from there the next time.
    """
    result = directory / "sizes.json"
    found: dict[str, dict[str, float]] = {}
    if result.is_file():
        found = json.loads(result.read_text())
    for name in SIZES:
        if name not in found:
            found[name] = _tried(directory / name, store, tokenizer, device, name)
            result.write_text(json.dumps(found, indent=1) + "\n")
        logger.info("%s: %s", name, found[name])
    return min(found, key=lambda name: found[name]["total"])


def _tried(
    directory: Path, store: FrameStore, tokenizer: Path, device: str, sizes: str
) -> dict[str, float]:
    """Losses on scenes that were not learnt from, and the processor's seconds."""
    plan = Plan(_IMAGES, _BATCH, 1, _SMALL, _COOL_DOWN, _AVERAGE, sizes)
    trainer = Trainer(directory, store, tokenizer, plan, device)
    start = time.process_time()
    trainer.run(check_every=plan.steps)
    checked = trainer.check()
    losses = Losses(*(torch.tensor(checked[name]) for name in Losses._fields))
    measured = {"total": float(losses.total()), **checked, "cpu_s": time.process_time() - start}
    return {name: round(value, 4) for name, value in measured.items()}
