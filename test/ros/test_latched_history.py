# SPDX-License-Identifier: Apache-2.0
"""A latched topic says again whatever its readers would else take from another time."""

import random

import pytest

from tips_ros.ros.latched_history import LatchedHistory


class Reader:
    """Somebody who goes by the stamps of all that it has heard since it came."""

    def __init__(self, latched):
        self.heard = [latched] if latched else []

    def reads(self, stamp):
        early = [message for message in self.heard if message[0] <= stamp]
        return max(reversed(early), key=lambda message: message[0])[1] if early else None


@pytest.mark.parametrize("seed", range(20))
def test_whoever_came_whenever_reads_each_frame_with_its_own_value(seed):
    rng, history, latched = random.Random(seed), LatchedHistory(), None
    readers, stamp, value = [Reader(None)], 0, "a"
    for _ in range(600):
        stamp = rng.randrange(300) if rng.random() < 0.02 else stamp + rng.randrange(3)
        if rng.random() < 0.3:
            value = rng.choice("abcde")
        if rng.random() < 0.05:
            readers.append(Reader(latched))
        if history.needs(stamp, value):
            history.add(stamp, value)
            latched = stamp, value
            for reader in readers:
                reader.heard.append(latched)
        assert {reader.reads(stamp) for reader in readers} == {value}


def test_what_is_known_and_in_force_is_not_said_again():
    history = LatchedHistory()
    history.add(5, "a")
    assert not history.needs(5, "a") and not history.needs(10**9, "a")
    assert history.needs(4, "a") and history.needs(6, "b")
    assert not history.needs(6, "B", same=lambda said, needed: said == "a" and needed == "B")
