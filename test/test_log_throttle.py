# SPDX-License-Identifier: Apache-2.0
"""The same complaint is heard once, another one at once."""

import logging

from tips_ros.log_throttle import Throttle

logger = logging.getLogger("tips_ros.test")


def test_a_key_speaks_once_and_another_key_still_speaks(caplog):
    throttle = Throttle(logger)
    for number in range(3):
        throttle.warning("size", "image %d is odd", number)
    throttle.error("lost", "frame lost")
    assert [record.getMessage() for record in caplog.records] == ["image 0 is odd", "frame lost"]


def test_a_key_speaks_again_after_its_time(caplog):
    throttle = Throttle(logger, again_after_s=0.0)
    throttle.warning("size", "odd")
    throttle.warning("size", "odd")
    assert len(caplog.records) == 2
