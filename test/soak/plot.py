# SPDX-License-Identifier: Apache-2.0
"""The samples of a soak as a picture: memory, what else is held, latency, the machine's load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from samples import Sample  # noqa: E402


def draw(samples: Sequence[Sample], path: Path, title: str) -> None:
    """Writes three curves over the minutes, one below the other."""
    minutes = [sample.at_s / 60 for sample in samples]
    figure, (memory, held, late) = pyplot.subplots(3, 1, sharex=True, figsize=(9, 7))
    memory.plot(minutes, [sample.memory_mib for sample in samples], color="#1f6feb")
    memory.set(ylabel="resident, MiB", title=title)
    memory.set_ylim(0, 1.2 * max(sample.memory_mib for sample in samples))
    for name, colour in (
        ("threads", "#0a7d3f"),
        ("descriptors", "#b35900"),
        ("segments", "#8250df"),
    ):
        held.plot(minutes, [getattr(sample, name) for sample in samples], label=name, color=colour)
    held.set(ylabel="held")
    held.set_ylim(bottom=0)
    held.legend(loc="upper right", frameon=False, ncols=3)
    late.plot(minutes, [sample.p95_ms for sample in samples], color="#cf222e", linewidth=0.9)
    late.set(ylabel="latency p95, ms", xlabel="minutes", yscale="log")
    load = late.twinx()
    load.plot(minutes, [sample.load for sample in samples], color="#8c959f", linewidth=0.9)
    load.set(ylabel="load of the machine")
    load.set_ylim(bottom=0)
    for axes in (memory, held, late):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
