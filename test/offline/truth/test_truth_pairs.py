# SPDX-License-Identifier: Apache-2.0
"""Images and truth that their stamps do not tell apart are paired by when they were received."""

from __future__ import annotations

import pytest

from tips_ros.offline.truth.truth_pairs import Stamped, pair

MS = 10**6
START_MS = 1_700_000_000_000
TOPIC = "/depth"


def topic(*stamps_and_receipts):
    """Messages of (stamp, receipt) in milliseconds; a stamp of 0 is none."""
    return [Stamped(s * MS, r * MS, n) for n, (s, r) in enumerate(stamps_and_receipts)]


def numbers(images, truths):
    """Image number → truth number."""
    found = pair(topic(*images), {TOPIC: topic(*truths)}).found
    return {image.number: number_of[TOPIC] for image, number_of in found}


def every(interval, count, stamp=lambda time: time, late=0, begin=START_MS):
    times = range(begin, begin + count * interval, interval)
    return [(stamp(time), time + late) for time in times]


def none(_):
    return 0


def test_stamps_alone_count_where_they_tell_the_images_apart():
    images, truths = every(100, 3), every(100, 3, late=90)
    result = pair(topic(*images), {TOPIC: topic(*truths[1:])})
    assert [(i.number, n) for i, n in result.found] == [(1, {TOPIC: 0}), (2, {TOPIC: 1})]
    assert (result.by_receipt, result.unstamped) == (0, False)


def test_without_stamps_each_image_has_the_truth_received_nearest():
    result = pair(topic(*every(100, 4, none)), {TOPIC: topic(*every(100, 4, none, late=4))})
    assert [(i.number, n[TOPIC]) for i, n in result.found] == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert (result.by_receipt, result.apart_ms, result.unstamped) == (4, 4.0, True)


@pytest.mark.parametrize("stamp", [none, lambda _: 5], ids=["zero", "one that stands still"])
@pytest.mark.parametrize("late", [-20, 4, 40])
def test_a_truth_that_was_dropped_leaves_its_image_alone(stamp, late):
    images, truths = every(100, 5, stamp), every(100, 5, stamp, late=late)
    assert numbers(images, truths[:1] + truths[2:]) == {0: 0, 2: 1, 3: 2, 4: 3}
    assert numbers(images[:1] + images[2:], truths) == {0: 0, 1: 2, 2: 3, 3: 4}


@pytest.mark.parametrize("blind", ["images", "truths"])
def test_one_side_without_stamps_is_enough_to_go_by_receipt(blind):
    images = every(100, 3, none if blind == "images" else lambda t: t)
    truths = every(100, 3, none if blind == "truths" else lambda t: t, late=7)
    assert numbers(images, truths) == {0: 0, 1: 1, 2: 2}


def test_a_first_message_without_a_stamp_does_not_make_the_others_doubtful():
    images, truths = every(100, 4), every(100, 4, late=60)
    images[0], truths[0] = (0, images[0][1]), (0, truths[0][1])
    assert numbers(images, truths) == {1: 1, 2: 2, 3: 3}, "0 was not received with its image"
    truths[0] = (0, images[0][1] + 3)
    assert numbers(images, truths) == {0: 0, 1: 1, 2: 2, 3: 3}


def test_stamps_in_whole_seconds_are_shared_by_many():
    images = every(100, 25, lambda t: t // 1000 * 1000)
    truths = every(100, 25, lambda t: t // 1000 * 1000, late=4)
    assert numbers(images, truths) == {n: n for n in range(25)}


def test_two_recordings_of_other_times_go_by_order_only_where_they_are_as_long():
    images, truths = every(100, 3, none), every(130, 3, none, begin=START_MS + 10**7)
    assert numbers(images, truths) == {0: 0, 1: 1, 2: 2}
    assert numbers(images, truths[:2]) == {}


def test_a_message_that_was_recorded_twice_counts_once():
    (one,) = every(100, 1)
    again = (one[0], one[1] + 1)
    truth = (one[0], one[1] + 40)
    assert numbers([one, again, (one[0] + 100, one[1] + 100)], [truth]) == {1: 0}
    assert numbers([one], [truth, (truth[0], truth[1] + 1)]) == {0: 0}


def test_all_received_at_once_go_by_order():
    assert numbers([(0, 5)] * 3, [(0, 5)] * 3) == {0: 0, 1: 1, 2: 2}


def test_each_kind_of_truth_is_paired_for_itself():
    images = topic(*every(100, 2, none))
    labels, depth = topic(*every(100, 2, none, late=9)), topic(*every(100, 2, none, late=3)[1:])
    found = pair(images, {"/labels": labels, "/depth": depth}).found
    assert [n for _, n in found] == [{"/labels": 0}, {"/labels": 1, "/depth": 0}]


def test_nothing_pairs_with_nothing():
    assert numbers([(0, 5)], []) == numbers([], [(0, 5)]) == {}
