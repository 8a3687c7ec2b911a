# SPDX-License-Identifier: Apache-2.0
"""Result of a demonstration: counts, rates, latencies, and the lines that report them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.catalogue import real_world_advice
from tips_ros.perception.depth.scale_choice import WITHOUT_A_CAMERA
from tips_ros.replay.node_monitor import NodeReport
from tips_ros.replay.stamp_log import StampLog

_CAUSES = {
    "superseded": "superseded by a newer one",
    "stale": "too old",
    "unreadable": "unreadable",
    "failed": "failed",
    "unwatched": "watched by nobody",
}


class OutputCount(NamedTuple):
    """Number of messages on one output topic."""

    name: str  # in the node's namespace
    messages: int
    rate_hz: float | None  # None below two messages
    latency_s: tuple[float, float] | None  # from publishing the image; median, 95th percentile


@dataclass(frozen=True)
class DemoResult:
    """Result of a demonstration.

    Attributes:
        bag: what was played.
        recording: the mcap file that was written.
        image_topic: the bag's topic with the images.
        live_image_topic: the topic that they were played on, and recorded from.
        camera_info_topic: the CameraInfo that belongs to them; None where the bag has none.
        frames_played: images published.
        seconds: how long that took.
        outputs: one for each output topic.
        report: the node's last diagnostics.
        complaints: the node's warnings and errors.
        sheet_stamp_ns: header stamp of the frame to show; None without any answer.
        caution: what to bear in mind of the model, in a line; empty where there is nothing.
    """

    bag: Path
    recording: Path
    image_topic: str
    live_image_topic: str
    camera_info_topic: str | None
    frames_played: int
    seconds: float
    outputs: tuple[OutputCount, ...]
    report: NodeReport
    complaints: tuple[str, ...] = field(default=())
    sheet_stamp_ns: int | None = None
    caution: str = ""

    @property
    def trained(self) -> bool:
        """False when the model's weights are random."""
        return self.report.values.get("trained") != "False"

    @property
    def depth_caution(self) -> str:
        """Caution about its depth in a few words; empty where it is metric."""
        unknown = WITHOUT_A_CAMERA in self.report.values.get("depth scale note", "")
        return "not metric: lens unknown" if unknown else ""

    @property
    def model_line(self) -> str:
        """The model in one line."""
        values = self.report.values
        keys = ("model", "device", "backend", "precision", "network input")
        words = [values.get(key, "") for key in keys]
        return ", ".join(filter(None, words))


def count_output(name: str, arrived: StampLog, published: StampLog) -> OutputCount:
    """Sums up one output topic.

    Args:
        name: in the node's namespace.
        arrived: its messages.
        published: the images, on the same clock.
    """
    times_s = arrived.times_ns / 1e9
    rate_hz = latency_s = None
    if len(times_s) > 1:
        rate_hz = float((len(times_s) - 1) / max(times_s[-1] - times_s[0], 1e-9))
    delays_s = arrived.delays_s(published)
    if delays_s.size:
        p50, p95 = np.percentile(delays_s, [50, 95])
        latency_s = float(p50), float(p95)
    return OutputCount(name, len(times_s), rate_hz, latency_s)


def most_complete_stamp(
    stamps: Mapping[str, NDArray[np.int64]], played: NDArray[np.int64]
) -> int | None:
    """The stamp that most topics have; of several the one nearest to the middle of the bag.

    Args:
        stamps: topic → stamps of its messages.
        played: stamps of the images.

    Returns:
        None when no topic has any.
    """
    counts: dict[int, int] = {}
    for of_topic in stamps.values():
        for stamp in set(of_topic.tolist()):
            counts[stamp] = counts.get(stamp, 0) + 1
    if not counts:
        return None
    middle = int(np.median(played))
    return max(counts, key=lambda stamp: (counts[stamp], -abs(stamp - middle)))


def lines(result: DemoResult) -> Iterator[str]:
    """The result for people."""
    untrained = "" if result.trained else "  UNTRAINED: random weights, the outputs mean nothing"
    yield f"{result.bag.name}: {result.frames_played} frames in {result.seconds:.1f} s"
    yield f"  images       {result.image_topic}"
    yield f"  camera_info  {result.camera_info_topic or 'none in this bag: no points'}"
    yield f"  model        {result.model_line}{untrained}"
    more = real_world_advice() if result.caution else ""
    for caution in filter(None, (result.caution, more, result.depth_caution)):
        yield f"               {caution}"
    yield ""
    yield f"  {'output':<22}{'frames':>7}{'Hz':>8}{'latency p50':>14}{'p95':>10}"
    for output in result.outputs:
        rate = "-" if output.rate_hz is None else f"{output.rate_hz:.1f}"
        p50, p95 = (f"{s * 1e3:.0f} ms" for s in output.latency_s) if output.latency_s else "--"
        yield f"  {output.name:<22}{output.messages:>7}{rate:>8}{p50:>14}{p95:>10}"
    yield ""
    yield f"  frames: {', '.join(_fates(result))}"
    if result.report.drops.get("superseded"):
        yield "  The bag is faster than the model here: the newest frame wins, the rest is dropped."
    for complaint in result.complaints:
        yield f"  node: {complaint}"


def _fates(result: DemoResult) -> Iterator[str]:
    report = result.report
    yield f"{result.frames_played} played"
    yield f"{report.published} answered"
    for cause, count in sorted(report.drops.items()):
        if count:
            yield f"{count} {_CAUSES.get(cause, cause)}"
    if waiting := report.received - report.published - sum(report.drops.values()):
        yield f"{waiting} not answered in time"
    if lost := result.frames_played - report.received:
        yield f"{lost} gone before the node took them"
