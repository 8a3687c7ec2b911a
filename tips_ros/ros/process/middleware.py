# SPDX-License-Identifier: Apache-2.0
"""Settings of the middleware that must be made before the first rclpy call of a process."""

from __future__ import annotations

import os

_PUBLICATION_MODE = "RMW_FASTRTPS_PUBLICATION_MODE"


def publish_in_the_background() -> None:
    """Lets Fast DDS hand large messages to their readers while the next frame is worked on.

    By default `publish` returns when every reader of the machine has its copy: 18 ms of a 640x480
    frame with all outputs on two cores, 11 ms this way (benchmarks/message_path.py). A value that
    the user has set stays; other middleware does not read the variable.
    """
    os.environ.setdefault(_PUBLICATION_MODE, "ASYNCHRONOUS")
