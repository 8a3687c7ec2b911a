# SPDX-License-Identifier: Apache-2.0
"""Somebody who is told how a demonstration goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tips_ros.demo.live_numbers import LiveNumbers


class DemoProgress(NamedTuple):
    """Frames played and answered up to now, of how many."""

    played: int
    answered: int
    total: int


class Observer:
    """Is told how a session goes on; does nothing with it."""

    def graph(self, environment: dict[str, str]) -> None:
        """The graph's environment variables are known."""

    def frames(self, progress: DemoProgress) -> None:
        """Something was played or answered."""

    def numbers(self, read: Callable[[], LiveNumbers]) -> None:
        """Numbers of just now can be read, which takes some milliseconds."""
