# SPDX-License-Identifier: Apache-2.0
"""Draws the losses of a training and says how far it is.

    ./run exec python -m training.curves build/training curves.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.steps.objectives import Losses

_WIDTH, _HEIGHT, _EDGE = 560, 300, 36
_LEARNT, _CHECKED = (190, 150, 90), (40, 60, 200)  # BGR


def main() -> None:
    """Writes the picture and prints the last check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path, help="the folder of the training")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    args = parser.parse_args()
    lines = (args.state / "log.jsonl").read_text().splitlines()
    notes = [json.loads(line) for line in lines]
    cv2.imwrite(str(args.picture), curves(notes))
    checked = [note for note in notes if "checked_depth" in note]
    print(json.dumps(checked[-1] if checked else notes[-1]))


def curves(notes: list[dict[str, float]]) -> NDArray[np.uint8]:
    """One panel for each loss: what was learnt from, and what was not (red)."""
    panels = [_panel(notes, name) for name in Losses._fields]
    rows = [np.hstack(panels[start : start + 2]) for start in range(0, len(panels), 2)]
    return np.asarray(np.vstack(rows), np.uint8)


def _panel(notes: list[dict[str, float]], name: str) -> NDArray[Any]:
    picture = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    lines = [[(n["step"], n[key]) for n in notes if key in n] for key in (name, f"checked_{name}")]
    found = np.array([point for line in lines for point in line], float).reshape(-1, 2)
    cv2.putText(picture, name, (_EDGE, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    if not len(found):
        return picture
    last = max(found[:, 0].max(), 1)
    # The first steps would make everything after them flat.
    low, high = found[:, 1].min(), max(np.quantile(found[:, 1], 0.97), found[:, 1].min() + 1e-6)
    for line, colour in zip(lines, (_LEARNT, _CHECKED), strict=True):
        if not line:
            continue
        step, value = np.array(line, float).T
        x = _EDGE + step / last * (_WIDTH - 2 * _EDGE)
        y = _EDGE + (high - np.clip(value, low, high)) / (high - low) * (_HEIGHT - 2 * _EDGE)
        path = np.rint(np.stack([x, y], axis=-1)).astype(np.int32)
        cv2.polylines(picture, [path], False, colour, 1, cv2.LINE_AA)
    for text, y in ((f"{high:.3f}", _EDGE), (f"{low:.3f}", _HEIGHT - _EDGE)):
        cv2.putText(picture, text, (0, y), cv2.FONT_HERSHEY_SIMPLEX, 0.32, (90, 90, 90), 1)
    where = (_WIDTH - 2 * _EDGE, _HEIGHT - 12)
    cv2.putText(picture, f"{last:.0f}", where, cv2.FONT_HERSHEY_SIMPLEX, 0.32, (90, 90, 90), 1)
    return picture


if __name__ == "__main__":
    main()
