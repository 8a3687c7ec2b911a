# SPDX-License-Identifier: Apache-2.0
"""A limit for each message of the log: no nonsense that comes in can fill a disk with it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

_BURST = 8.0  # different texts of one message that may come at once, as of several cameras
_PER_S = 1.0
_MOST_KNOWN = 500


@dataclass
class _Bucket:
    left: float
    at_s: float
    withheld: int = 0


class LogRate:
    """Admits one a second of each message in the long run, and of the same text at any time.

    Many messages are throttled by what they are about, such as a frame's name. That is no limit
    where the names themselves come from outside. From any threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._texts: OrderedDict[str, float] = OrderedDict()

    def admit(self, template: str, text: str, now_s: float | None = None) -> int | None:
        """Admits a message to the log, or withholds it.

        Args:
            template: the message without what it is about.
            text: the whole of it.
            now_s: monotonic seconds; now where it is None.

        Returns:
            How many like it were withheld since the last one; None for one that is withheld.
        """
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            bucket = self._buckets.setdefault(template, _Bucket(_BURST, now_s))
            self._buckets.move_to_end(template)
            bucket.left = min(_BURST, bucket.left + (now_s - bucket.at_s) * _PER_S)
            bucket.at_s = now_s
            last_s = self._texts.get(text)
            if bucket.left < 1.0 or (last_s is not None and now_s - last_s < 1.0 / _PER_S):
                bucket.withheld += 1
                return None
            bucket.left -= 1.0
            self._texts[text] = now_s
            self._texts.move_to_end(text)
            for known in (self._buckets, self._texts):
                if len(known) > _MOST_KNOWN:
                    known.popitem(last=False)
            withheld, bucket.withheld = bucket.withheld, 0
            return withheld
