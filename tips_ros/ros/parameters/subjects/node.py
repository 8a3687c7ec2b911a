# SPDX-License-Identifier: Apache-2.0
"""The parameters of the node itself: its start, its rest and its warnings."""

from __future__ import annotations

from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec

START_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "autostart",
        True,
        "at start",
        "",
        "Configure and activate by itself; false leaves both to a lifecycle manager.",
    ),
)

LISTENING_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "unsubscribe_after_s",
        5.0,
        "at once",
        "s",
        "Seconds without a subscriber of any output after which the node unsubscribes from the "
        "images (at 1080p they cost a quarter of a core); it subscribes again for the next "
        "subscriber. 0 is never.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "silence_warning_s",
        5.0,
        "at once",
        "s",
        "Seconds without an image after which the node logs a warning; 0 is never.",
        low=0.0,
        high=UNBOUNDED,
    ),
)
