# SPDX-License-Identifier: Apache-2.0
"""A log of the times at which messages passed, by the stamp in their header."""

from __future__ import annotations

import struct
from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = "std_msgs/Header"
_STAMP = {0: struct.Struct(">iI"), 1: struct.Struct("<iI")}
_ENCAPSULATION = 4  # bytes before the message; the second one tells the byte order


class StampLog:
    """Pairs of a header stamp and the time it was seen; 16 bytes each, however long it runs."""

    def __init__(self) -> None:
        self._stamps = array("q")
        self._times = array("q")

    def add(self, stamp_ns: int, seen_ns: int) -> None:
        """Notes one message."""
        self._stamps.append(stamp_ns)
        self._times.append(seen_ns)

    def __len__(self) -> int:
        return len(self._times)

    def tail(self, count: int) -> StampLog:
        """A copy of the newest `count`; another thread may be adding to this log meanwhile."""
        log, end = StampLog(), len(self._times)  # a stamp is added before its time
        begin = max(0, end - count)
        log._stamps, log._times = self._stamps[begin:end], self._times[begin:end]
        return log

    @property
    def stamps_ns(self) -> NDArray[np.int64]:
        """(N,) header stamps in the order they were seen; a copy."""
        return np.array(self._stamps, np.int64)

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """(N,) when they were seen; a copy."""
        return np.array(self._times, np.int64)

    def delays_s(self, earlier: StampLog) -> NDArray[np.float64]:
        """Seconds from `earlier` to here for every stamp that is in both; order of this log.

        A stamp that comes twice in `earlier` counts from its last time.
        """
        began = dict(zip(earlier._stamps, earlier._times, strict=True))
        delays = [
            seen - began[stamp]
            for stamp, seen in zip(self._stamps, self._times, strict=True)
            if stamp in began
        ]
        return np.array(delays, np.float64) / 1e9


def begins_with_header(message_class: Any) -> bool:
    """Whether the first field of a message class is a std_msgs/Header."""
    fields = message_class.get_fields_and_field_types()
    return next(iter(fields.values()), "") == _HEADER


def header_stamp_ns(data: bytes) -> int | None:
    """Stamp of a serialised message that begins with a header; None when it is too short."""
    if len(data) < _ENCAPSULATION + 8:
        return None
    sec, nanosec = _STAMP[data[1] & 1].unpack_from(data, _ENCAPSULATION)
    return int(sec) * 10**9 + int(nanosec)
