# SPDX-License-Identifier: Apache-2.0
"""Pairs images with the truth about them: by their stamps, where these tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagReader
from tips_ros.offline.stamped_messages import message_stamp_ns

NumberOf = dict[str, int]  # topic → the number of its message


class Stamped(NamedTuple):
    """A recorded message of a topic, known by its place among the topic's others."""

    stamp_ns: int  # of its header
    received_ns: int
    number: int


class Pairs(NamedTuple):
    """Images paired with the truth about them.

    Attributes:
        found: images in their order, each with the truths about it; never empty ones.
        by_receipt: how many images were paired by when they were received, or in their order.
        apart_ms: the longest time between two that were paired by when they were received.
        unstamped: whether there are messages without a stamp, so that stamps were not used.
    """

    found: list[tuple[Stamped, NumberOf]]
    by_receipt: int
    apart_ms: float
    unstamped: bool


def collect_stamps(reader: BagReader, topics: Iterable[str]) -> dict[str, list[Stamped]]:
    """Goes through the bag once: topic → its messages, which must begin with a header."""
    found: dict[str, list[Stamped]] = {topic: [] for topic in topics}
    for message in reader.messages(found):
        of_topic = found[message.topic]
        one = Stamped(message_stamp_ns(message), message.stamp_ns, len(of_topic))
        of_topic.append(one)
    return found


def pair(images: Sequence[Stamped], truths: Mapping[str, Sequence[Stamped]]) -> Pairs:
    """Pairs images and truths of equal stamps.

    Several with one stamp are paired by when they were received, the nearest with the nearest;
    where two recordings have no time in common, in their order, if there are as many of both. A
    stamp of zero is none: what has none must have been received within half of the time between
    images, and where all images or all messages of a topic have none, no stamps are used for it.

    Args:
        images: of one camera.
        truths: topic → its messages.
    """
    found: dict[Stamped, NumberOf] = {}
    in_doubt: set[Stamped] = set()
    apart_ns = 0
    unstamped = False
    limit_ns = _half_interval_ns(images)
    for topic, of_topic in truths.items():
        blind = _have_no_stamp(images) or _have_no_stamp(of_topic)
        one_time = _overlap(images, of_topic, limit_ns)
        groups = _groups(images, blind)
        for stamp_ns, alike in _groups(of_topic, blind).items():
            candidates = groups.get(stamp_ns, [])
            sure = stamp_ns != 0 and len(candidates) == len(alike) == 1
            limit = np.inf if stamp_ns else limit_ns
            for image, truth in _match(candidates, alike, limit, one_time):
                found.setdefault(image, {})[topic] = truth.number
                if not sure:
                    in_doubt.add(image)
                    apart_ns = max(apart_ns, abs(image.received_ns - truth.received_ns))
            unstamped |= stamp_ns == 0 and bool(candidates)
    return Pairs(sorted(found.items()), len(in_doubt), apart_ns / 1e6, unstamped)


def _overlap(images: Sequence[Stamped], truths: Sequence[Stamped], slack_ns: float) -> bool:
    """Whether both were received in one time, as in one recording."""
    if not images or not truths:
        return False
    first, last = images[0].received_ns - slack_ns, images[-1].received_ns + slack_ns
    return first <= truths[-1].received_ns and truths[0].received_ns <= last


def _have_no_stamp(messages: Sequence[Stamped]) -> bool:
    return bool(messages) and all(one.stamp_ns == 0 for one in messages)


def _groups(messages: Iterable[Stamped], blind: bool) -> dict[int, list[Stamped]]:
    """Those that their stamps do not tell apart, in the order of receipt; 0 is without a stamp."""
    groups: dict[int, list[Stamped]] = {}
    for one in messages:
        groups.setdefault(0 if blind else one.stamp_ns, []).append(one)
    return groups


def _half_interval_ns(images: Sequence[Stamped]) -> float:
    return float(np.median(np.diff(_times(images)))) / 2 if len(images) > 1 else np.inf


def _match(
    images: Sequence[Stamped], truths: Sequence[Stamped], limit_ns: float, one_time: bool
) -> Iterable[tuple[Stamped, Stamped]]:
    """Those that are the nearest to one another; in their order where times tell nothing."""
    if not images or not truths:
        return []
    image_ns, truth_ns = _times(images), _times(truths)
    is_at_once = len(images) > 1 and image_ns[0] == image_ns[-1]
    if len(images) == len(truths) and (is_at_once or not one_time):
        return zip(images, truths, strict=True)
    if not one_time:
        return [(images[0], truths[0])] if min(len(images), len(truths)) == 1 else []
    nearest_truth, nearest_image = _nearest(truth_ns, image_ns), _nearest(image_ns, truth_ns)
    return [
        (images[i], truths[j])
        for i, j in enumerate(nearest_truth)
        if nearest_image[j] == i and abs(int(image_ns[i]) - int(truth_ns[j])) <= limit_ns
    ]


def _times(messages: Sequence[Stamped]) -> NDArray[np.int64]:
    return np.array([one.received_ns for one in messages], np.int64)


def _nearest(times_ns: NDArray[np.int64], of_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the nearest of ascending times, the earlier of two as near; for each of `of_ns`."""
    after = np.searchsorted(times_ns, of_ns).clip(0, len(times_ns) - 1)
    before = (after - 1).clip(0)
    is_before = np.abs(times_ns[before] - of_ns) <= np.abs(times_ns[after] - of_ns)
    return np.where(is_before, before, after)
