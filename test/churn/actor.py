# SPDX-License-Identifier: Apache-2.0
"""Somebody who does one disturbing thing after the other, at random but from a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence

from findings import Findings

Disturbance = Callable[[random.Random], str]


class Actor:
    """Disturbs in a thread of its own until `close`.

    Attributes:
        resting: hold it to keep the actor from doing anything.
        done: how many disturbances there were.
    """

    def __init__(
        self,
        name: str,
        disturbances: Sequence[tuple[int, Disturbance]],
        seed: str,
        pause_s: float,
        findings: Findings,
    ) -> None:
        """
        Args:
            name: for people.
            disturbances: each with a weight, and says what it did.
            seed: of what is done when.
            pause_s: the longest between two.
            findings: where things are told.
        """
        self._name, self._pause_s, self._findings = name, pause_s, findings
        self._weights, self._disturbances = zip(*disturbances, strict=True)
        self._rng = random.Random(f"{seed} {name}")
        self._over = threading.Event()
        self.resting = threading.Lock()
        self.done = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Does nothing more."""
        self._over.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._over.wait(self._rng.uniform(0.0, self._pause_s)):
            (disturb,) = self._rng.choices(self._disturbances, self._weights)
            with self.resting:
                if self._over.is_set():
                    return
                self._findings.doing(f"{self._name}: {disturb.__name__} …")
                try:
                    what = disturb(self._rng)
                except Exception as error:
                    if not self._over.is_set():
                        self._findings.add(f"the test itself: {self._name}: {error!r}")
                        raise
                    return
                self._findings.doing(f"{self._name}: {what}")
                self.done += 1
