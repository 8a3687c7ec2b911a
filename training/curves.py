# SPDX-License-Identifier: Apache-2.0
"""Draws the losses of a training and says how far it is.

    ./run exec python -m training.curves build/training curves.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from training.steps.objectives import Losses


def main() -> None:
    """Writes the picture and prints the last check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path, help="the folder of the training")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    args = parser.parse_args()
    lines = (args.state / "log.jsonl").read_text().splitlines()
    notes = [json.loads(line) for line in lines]
    curves(notes).savefig(args.picture, dpi=100)
    checked = [note for note in notes if "checked_depth" in note]
    print(json.dumps(checked[-1] if checked else notes[-1]))


def curves(notes: list[dict[str, float]]) -> Figure:
    """One panel for each loss over the steps: what was learnt from, and what was not (red)."""
    figure = Figure(figsize=(11.2, 6), layout="constrained")
    known = {key.removeprefix("checked_") for note in notes for key in note}
    # Of a training before a loss was there, nothing is to be drawn for it.
    names = [name for name in Losses._fields if name in known] or list(Losses._fields)
    panels = figure.subplots(2, (len(names) + 1) // 2, squeeze=False).flat
    for axes, name in zip(panels, names, strict=False):
        for key, colour in ((name, "#5a96be"), (f"checked_{name}", "#c83c28")):
            found = [(note["step"], note[key]) for note in notes if key in note]
            axes.plot(*np.reshape(found, (-1, 2)).T, color=colour, linewidth=1)
        values = np.concatenate([line.get_ydata() for line in axes.lines])
        if len(values) > 1:  # the first steps would make everything after them flat
            axes.set_ylim(values.min(), np.quantile(values, 0.97))
        axes.set_title(name)
    for axes in panels[len(names) :]:
        axes.remove()
    return figure


if __name__ == "__main__":
    main()
