# SPDX-License-Identifier: Apache-2.0
"""Results as text for people, and as one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tips_ros.bench.against import ABOUT, OURS, Comparison
from tips_ros.bench.memory import Peak
from tips_ros.bench.reporting.machine import Machine
from tips_ros.bench.stages import StageResult

RANDOM_WEIGHTS = "random weights: times are those of trained ones, what it says of images is noise"
_NAME, _NUMBER = 30, 10


class Result(Protocol):
    """A result that can be written as a line of JSON."""

    def as_data(self) -> dict[str, object]:
        """Plain data."""


def append_json(path: Path, results: Sequence[Result], machine: Machine) -> None:
    """Adds one line for each result to the file, which need not be there yet. OSError if not."""
    with path.open("a", encoding="utf-8") as file:
        for result in results:
            file.write(json.dumps({"machine": machine.as_data(), **result.as_data()}) + "\n")


def stage_text(result: StageResult) -> str:
    """A table of one case, in milliseconds."""
    cameras = result.case.cameras
    each = f", {cameras} cameras together" if cameras > 1 else ""
    size = "x".join(map(str, result.input_size))
    lines = [
        result.case.title,
        f"  variant {result.variant}, network input {size}, on {result.device}; "
        f"{result.rounds} rounds{each}",
        *_about_weights(result.trained),
        f"  {'ms':<{_NAME}}{'median':>{_NUMBER}}{'p95':>{_NUMBER}}",
    ]
    for stage, (median, p95) in result.stages.items():
        lines.append(f"  {stage:<{_NAME}}{median:{_NUMBER}.2f}{p95:{_NUMBER}.2f}")
    together = sum(times.median_ms for times in result.stages.values())
    lines += [
        f"  {'all stages':<{_NAME}}{together:{_NUMBER}.2f}",
        f"  {'whole frame':<{_NAME}}{result.whole.median_ms:{_NUMBER}.2f}"
        f"{result.whole.p95_ms:{_NUMBER}.2f}   {result.frames_per_second:.1f} frames a second",
        f"  {'processor time of it':<{_NAME}}{result.processor.median_ms:{_NUMBER}.2f}"
        f"{result.processor.p95_ms:{_NUMBER}.2f}",
        f"  memory: {_memory(result.memory)}",
    ]
    return "\n".join(lines)


def comparison_text(result: Comparison) -> str:
    """Tables of one comparison: times, differences."""
    size = "x".join(map(str, result.input_size))
    lines = [
        f"{result.case.title}, against transformers",
        f"  variant {result.variant}, network input {size}, on {result.device}; "
        f"{len(next(iter(result.rounds_ms['model'].values())))} rounds, taking turns",
        *_about_weights(result.trained),
    ]
    for scope in result.rounds_ms:
        ratios = result.ratios(scope)
        lines.append(f"  {ABOUT[scope]}")
        lines.append(
            f"    {'ms':<{_NAME}}{'median':>{_NUMBER}}{'p95':>{_NUMBER}}   times as long as ours: "
            "of medians, median of rounds"
        )
        for name, (median, p95) in result.spreads(scope).items():
            line = f"    {name:<{_NAME}}{median:{_NUMBER}.2f}{p95:{_NUMBER}.2f}"
            if name != OURS:
                line += f"   {ratios[name].of_medians:.2f}, {ratios[name].median_of_rounds:.2f}"
            lines.append(line)
    lines.append("  differences to transformers fp32 (largest: as a share of the largest value)")
    for name, d in result.differences.items():
        lines.append(
            f"    {name:<{_NAME}}depth {d.depth_largest:.1e} (p95 {d.depth_p95:.2%})   "
            f"normals {d.normals_largest:.1e} (p95 {d.normals_p95_deg:.2f} deg)   "
            f"logits {d.logits_largest:.1e}   labels equal {d.labels_equal:.2%}"
        )
    for name, peak in result.memory.items():
        lines.append(f"  memory of {name}: {_memory(peak)}")
    return "\n".join(lines)


def _about_weights(trained: bool) -> list[str]:
    return [] if trained else [f"  {RANDOM_WEIGHTS}"]


def _memory(peak: Peak) -> str:
    said = [f"{peak.process:.0f} MiB at most"]
    if peak.work is not None:
        said.append(f"{peak.work:.0f} MiB on top of what was there")
    if peak.gpu is not None:
        said.append(f"{peak.gpu:.0f} MiB on the GPU")
    said.append(f"{peak.page_faults:.0f} page faults a round")
    return ", ".join(said)
