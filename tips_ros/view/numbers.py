# SPDX-License-Identifier: Apache-2.0
"""The node's /diagnostics → plots and a page of numbers."""

from __future__ import annotations

import math
from typing import Any

import rerun as rr

from tips_ros.view.scene import Kind, Scene

_RATES = {"input rate (Hz)": "input", "output rate (Hz)": "output"}
_TIMES = ("age", "latency")
_MOST_MS = 60_000.0  # of a plot: an older frame is replayed, and stamped by another clock
_COLOURS = {  # of lines, which are one colour in one plot if nobody says so
    "input": (76, 141, 255),
    "output": (230, 120, 40),
    "age_p50": (120, 180, 90),
    "age_p95": (60, 110, 40),
    "latency_p50": (230, 120, 40),
    "latency_p95": (160, 60, 20),
}
_DROPPED = "dropped, "
_SHOWN = (
    *("input rate (Hz)", "output rate (Hz)", "frames received", "frames published"),
    *("age p50 (ms)", "age p95 (ms)", "latency p50 (ms)", "latency p95 (ms)"),
    *("outputs active", "depth scale", "depth scale source", "classes", "classes from"),
    *("model", "device", "precision", "memory (MiB)", "GPU memory (MiB)"),
)


def draw_diagnostics(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts what a tips node says in a diagnostic_msgs/DiagnosticArray into the scene."""
    for status in message.status:
        values = {pair.key: pair.value for pair in status.values}
        if "frames received" in values or "network input" in values:
            name = rr.escape_entity_path_part(status.name.replace(": ", "_").replace(" ", "_"))
            _draw_status(scene, f"{entity}/{name}", status.message, values, at_ns)


def _draw_status(
    scene: Scene, entity: str, says: str, values: dict[str, str], at_ns: int
) -> None:
    for key, name in _RATES.items():
        _plot(scene, f"{entity}/rate/{name}", Kind.RATE, values.get(key, ""), at_ns)
    for name in _TIMES:
        for part in ("p50", "p95"):
            value = values.get(f"{name} {part} (ms)", "")
            most = _MOST_MS if name == "age" else math.inf
            _plot(scene, f"{entity}/ms/{name}_{part}", Kind.MILLISECONDS, value, at_ns, most)
    dropped = sum(int(v) for k, v in values.items() if k.startswith(_DROPPED) and v.isdigit())
    rows = [f"| {key} | {values[key]} |" for key in _SHOWN if _tells(key, values.get(key, ""))]
    rows.append(f"| frames dropped | {dropped} |")
    text = "\n".join([f"**{says or 'running'}**", "", "| | |", "|---|---|", *rows])
    page = rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN)
    scene.put(f"{entity}/numbers", Kind.TEXT, at_ns, page)


def _tells(key: str, value: str) -> bool:
    """Whether a number says something: the age of a replayed frame is its recording's."""
    if not key.startswith("age "):
        return bool(value)
    try:
        return float(value) <= _MOST_MS
    except ValueError:
        return False


def _plot(
    scene: Scene, entity: str, kind: Kind, text: str, at_ns: int, most: float = math.inf
) -> None:
    try:
        value = float(text)
    except ValueError:
        return
    if value > most:
        return
    if entity not in scene.kinds:
        colour = _COLOURS[entity.rpartition("/")[2]]
        scene.recording.log(entity, rr.SeriesLines(colors=colour, widths=2.0), static=True)
    scene.put(entity, kind, at_ns, rr.Scalars(value))
