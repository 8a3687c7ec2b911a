# SPDX-License-Identifier: Apache-2.0
"""Counts frames and times stages; read by diagnostics, written from two threads."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

import numpy as np

# superseded: a newer frame came first. stale: older than max_age_s. rewound: time jumped back while
# it waited. unreadable: could not be decoded. failed: the model raised. unwatched: no output had a
# subscriber.
Drop = Literal["superseded", "stale", "rewound", "unreadable", "failed", "unwatched"]
_KEPT = 100


class Percentiles(NamedTuple):
    """Median and 95th percentile over the last frames, in seconds."""

    p50: float
    p95: float


class Snapshot(NamedTuple):
    """Everything counted up to now."""

    received: int
    published: int
    drops: dict[Drop, int]
    rate_hz: float  # of arrivals
    output_rate_hz: float  # of frames that went out
    age_s: Percentiles | None
    latency_s: Percentiles | None
    stages_s: dict[str, Percentiles]
    last_error: str
    seconds_since_image: float | None
    seconds_since_error: float | None


class Statistics:
    """One camera's counters since activation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._received = 0
        self._published = 0
        self._drops: Counter[Drop] = Counter()
        self._arrivals: deque[float] = deque(maxlen=_KEPT)
        self._departures: deque[float] = deque(maxlen=_KEPT)
        self._ages: deque[float] = deque(maxlen=_KEPT)
        self._latencies: deque[float] = deque(maxlen=_KEPT)
        self._stages: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._last_error = ""
        self._error_at: float | None = None

    def arrived(self) -> None:
        """A frame came in."""
        with self._lock:
            self._received += 1
            self._arrivals.append(time.monotonic())

    def dropped(self, cause: Drop, error: str = "") -> None:
        """A frame ended without outputs."""
        with self._lock:
            self._drops[cause] += 1
            if error:
                self._last_error, self._error_at = error, time.monotonic()

    def went_out(self, age_s: float, latency_s: float) -> None:
        """A frame's outputs were published, `age_s` after its stamp, `latency_s` after arrival."""
        with self._lock:
            self._published += 1
            self._departures.append(time.monotonic())
            self._ages.append(age_s)
            self._latencies.append(latency_s)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a stage of one frame."""
        start = time.perf_counter()
        yield
        elapsed = time.perf_counter() - start
        with self._lock:
            self._stages[name].append(elapsed)

    def silent_for_s(self) -> float:
        """Seconds since the last image, or since the start when none came yet."""
        with self._lock:
            return time.monotonic() - (self._arrivals[-1] if self._arrivals else self._started)

    def snapshot(self) -> Snapshot:
        """A consistent copy."""
        now = time.monotonic()
        with self._lock:
            arrivals = list(self._arrivals)
            return Snapshot(
                received=self._received,
                published=self._published,
                drops=dict(self._drops),
                rate_hz=_rate_hz(arrivals, now),
                output_rate_hz=_rate_hz(list(self._departures), now),
                age_s=_percentiles(self._ages),
                latency_s=_percentiles(self._latencies),
                stages_s={n: p for n, t in self._stages.items() if (p := _percentiles(t))},
                last_error=self._last_error,
                seconds_since_image=now - arrivals[-1] if arrivals else None,
                seconds_since_error=None if self._error_at is None else now - self._error_at,
            )


def _percentiles(values: deque[float]) -> Percentiles | None:
    if not values:
        return None
    p50, p95 = np.percentile(np.array(values), [50, 95])
    return Percentiles(float(p50), float(p95))


def _rate_hz(times: list[float], now: float) -> float:
    """Events a second over the times kept, falling towards 0 once they stop."""
    if len(times) < 2:
        return 0.0
    period = (times[-1] - times[0]) / (len(times) - 1)
    return 1.0 / max(period, now - times[-1], 1e-9)
