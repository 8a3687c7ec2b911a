# SPDX-License-Identifier: Apache-2.0
"""Numbers of a demonstration that is going on: rate, latency, depth and classes just now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.demo.recorded_answers import CLASSES, DEPTH, LABELS, image_pixels
from tips_ros.replay.stamp_log import StampLog

if TYPE_CHECKING:
    from tips_ros.replay.node_monitor import NodeReport

SHOWN = (DEPTH, LABELS, CLASSES)  # the topics whose last message is read
_RATE_S = 5.0  # the time that the rate is of
_LATEST = 50  # answers that latency is of
_SENT = 1000  # images among which theirs are found
_STEP = 4  # every so many rows and columns are enough for a range and for shares
_NAMED = 4  # classes
_LEAST_SHARE = 0.01  # of a class that counts as seen


class LiveNumbers(NamedTuple):
    """Numbers of the last seconds; what nothing tells yet is None or empty.

    Attributes:
        answered: images that have an answer.
        rate_hz: answers a second.
        latency_s: from publishing an image to its answer: median, 95th percentile.
        drops: cause → images that the node has dropped.
        depth_m: of the last answer, where 2 %, half and 98 % of it are nearer.
        classes: of the last answer, names and shares of the picture, the largest first.
        node: what the node says of itself: model, device, memory and so on.
    """

    answered: int = 0
    rate_hz: float | None = None
    latency_s: tuple[float, float] | None = None
    drops: Mapping[str, int] = {}
    depth_m: tuple[float, float, float] | None = None
    classes: tuple[tuple[str, float], ...] = ()
    node: Mapping[str, str] = {}


def measure_pace(
    answers: StampLog, images: StampLog, now_s: float
) -> tuple[float | None, tuple[float, float] | None]:
    """Rate and latency of the latest answers, while others go on adding to both logs.

    Args:
        answers: when each came.
        images: when each was published, on the same clock.
        now_s: time.monotonic.

    Returns:
        Answers a second, None before the second one or where none came for a while; and latency
        in seconds, median and 95th percentile, None before the first.
    """
    latest = answers.tail(_LATEST)
    times_s = latest.times_ns / 1e9
    recent_s = times_s[times_s > now_s - _RATE_S]
    rate_hz = None
    if recent_s.size > 1:
        rate_hz = float((recent_s.size - 1) / max(recent_s[-1] - recent_s[0], 1e-9))
    delays_s = latest.delays_s(images.tail(_SENT))
    if not delays_s.size:
        return rate_hz, None
    p50, p95 = np.percentile(delays_s, [50, 95])
    return rate_hz, (float(p50), float(p95))


def measure_depth(image: Any) -> tuple[float, float, float] | None:
    """Metres that 2 %, half and 98 % of a depth image are nearer than; None where it has none."""
    depth_m = image_pixels(image, np.float32)[::_STEP, ::_STEP]
    known = depth_m[np.isfinite(depth_m)]
    if not known.size:
        return None
    near, middle, far = np.percentile(known, [2, 50, 98])
    return float(near), float(middle), float(far)


def measure_classes(image: Any, class_map: Any) -> tuple[tuple[str, float], ...]:
    """Names and shares of the classes that a mask shows, the largest first."""
    labels: NDArray[np.uint8] = image_pixels(image, np.uint8)[::_STEP, ::_STEP]
    shares = np.bincount(labels.ravel(), minlength=256) / max(labels.size, 1)
    named = zip(class_map.ids, class_map.names, strict=True)
    seen = [(name, float(shares[i])) for i, name in named if shares[i] >= _LEAST_SHARE]
    return tuple(sorted(seen, key=lambda one: -one[1]))


def read_numbers(
    answered: int,
    pace: tuple[float | None, tuple[float, float] | None],
    report: NodeReport | None,
    last: Callable[[str], Any],
) -> LiveNumbers:
    """Puts together what is known now.

    Args:
        answered: images that have an answer.
        pace: see `measure_pace`.
        report: the node's last one.
        last: the last message of a topic of `SHOWN`; None before the first.
    """
    depth, labels, class_map = (last(topic) for topic in SHOWN)
    return LiveNumbers(
        answered,
        *pace,
        {} if report is None else report.drops,
        None if depth is None else measure_depth(depth),
        () if labels is None or class_map is None else measure_classes(labels, class_map),
        {} if report is None else report.values,
    )


def lines(numbers: LiveNumbers) -> Iterator[str]:
    """The numbers for people: five lines, whatever is known."""
    rate = "" if numbers.rate_hz is None else f"{numbers.rate_hz:.1f} a second"
    dropped = sum(numbers.drops.values())
    yield _row("answers", f"{numbers.answered}", rate, f"{dropped} dropped" if dropped else "")
    latency = numbers.latency_s
    yield _row("latency", *(() if latency is None else _latency(*latency)))
    yield _row("depth", *(() if numbers.depth_m is None else _depth(*numbers.depth_m)))
    named = [f"{name} {share:.0%}" for name, share in numbers.classes[:_NAMED]]
    more = len(numbers.classes) - _NAMED
    yield _row("classes", *named, f"{more} more" if more > 0 else "")
    words = [numbers.node.get(key, "") for key in ("model", "device", "backend", "precision")]
    memory = numbers.node.get("memory (MiB)", "")
    yield _row("node", *words, f"{memory} MiB" if memory else "")


def _row(name: str, *words: str) -> str:
    return f"  {name:<9}{', '.join(filter(None, words)) or '-'}"


def _latency(p50: float, p95: float) -> tuple[str, str]:
    return f"{p50 * 1e3:.0f} ms", f"95 % within {p95 * 1e3:.0f} ms"


def _depth(near: float, middle: float, far: float) -> tuple[str, str]:
    return f"{near:.2f} to {far:.2f} m", f"half of it nearer than {middle:.2f} m"
